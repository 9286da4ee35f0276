// Of the card: in which shares a stage drew from its inputs and handed on its buckets.
#include <fmt/format.h>

#include "base/quantity.h"
#include "pipeline/report/html_sections.h"
#include "pipeline/report/html_writer.h"

namespace millrace::pipeline {
namespace {

std::string Percent(double share) { return fmt::format("{:.2f} %", share * 100); }

/// Which shares of a mixture were asked for and came about.
class SharesTable {
 public:
  SharesTable(const std::string& label, const std::string& part, bool tokens)
      : tokens_(tokens),
        table_(label,
               tokens ? std::vector<std::string>{part, "asked", "of rows", "of bytes", "of tokens",
                                                 "rows", "bytes", "tokens"}
                      : std::vector<std::string>{part, "asked", "of rows", "of bytes", "rows",
                                                 "bytes"},
               tokens ? std::vector<bool>{false, true, true, true, true, true, true, true}
                      : std::vector<bool>{false, true, true, true, true, true}) {}
  void Add(const std::string& name, const stage::Amount& drawn, const stage::MixShare& share) {
    std::vector<std::string> cells = {Code(name), Percent(share.asked), Percent(share.rows),
                                      Percent(share.bytes)};
    if (tokens_) cells.push_back(Percent(share.tokens));
    cells.push_back(FormatCount(drawn.rows));
    cells.push_back(FormatCount(drawn.bytes));
    if (tokens_) cells.push_back(FormatCount(drawn.tokens));
    table_.Add(std::move(cells));
  }
  std::string Html() const { return table_.Html(); }

 private:
  bool tokens_;
  HtmlTable table_;
};

}  // namespace

std::string SharesSection(const stage::Manifest& m, const std::string& of) {
  std::string html;
  if (!m.mixture.empty()) {
    SharesTable table("shares of the inputs" + of, "input", !m.mixture_tokens.empty());
    const auto shares = stage::SharesOf(m.mixture);
    for (size_t i = 0; i < shares.size(); ++i) {
      const stage::MixedInput& input = m.mixture[i];
      table.Add(input.name, {input.drawn, input.bytes, input.tokens}, shares[i]);
    }
    html += table.Html();
  }
  if (!m.buckets.empty()) {
    SharesTable table("shares of the buckets" + of, "bucket", !m.bucket_tokens.empty());
    const auto shares = stage::SharesOf(m.buckets);
    for (size_t i = 0; i < shares.size(); ++i) {
      table.Add(m.buckets[i].name, m.buckets[i].drawn, shares[i]);
    }
    html += table.Html();
  }
  return html;
}

}  // namespace millrace::pipeline
