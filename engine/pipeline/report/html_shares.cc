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
  SharesTable(const std::string& label, const std::string& part, bool tokens, bool images)
      : tokens_(tokens), images_(images), table_(label, Heads(part), Numeric(Heads(part).size())) {}
  void Add(const std::string& name, const stage::Amount& drawn, const stage::MixShare& share) {
    std::vector<std::string> cells = {Code(name), Percent(share.asked), Percent(share.rows),
                                      Percent(share.bytes)};
    if (tokens_) cells.push_back(Percent(share.tokens));
    if (images_) cells.push_back(Percent(share.images));
    cells.push_back(FormatCount(drawn.rows));
    cells.push_back(FormatCount(drawn.bytes));
    if (tokens_) cells.push_back(FormatCount(drawn.tokens));
    if (images_) cells.push_back(FormatCount(drawn.images));
    table_.Add(std::move(cells));
  }
  std::string Html() const { return table_.Html(); }

 private:
  std::vector<std::string> Heads(const std::string& part) const {
    std::vector<std::string> heads = {part, "asked"};
    for (const char* of : {"of ", ""}) {
      for (const char* what : {"rows", "bytes"}) heads.push_back(std::string(of) + what);
      if (tokens_) heads.push_back(std::string(of) + "tokens");
      if (images_) heads.push_back(std::string(of) + "images");
    }
    return heads;
  }
  static std::vector<bool> Numeric(size_t columns) {
    std::vector<bool> numeric(columns, true);
    numeric[0] = false;
    return numeric;
  }

  bool tokens_, images_;
  HtmlTable table_;
};

}  // namespace

std::string SharesSection(const stage::Manifest& m, const std::string& of) {
  std::string html;
  if (!m.mixture.empty()) {
    SharesTable table("shares of the inputs" + of, "input", !m.mixture_tokens.empty(),
                      !m.mixture_images.empty());
    const auto shares = stage::SharesOf(m.mixture);
    for (size_t i = 0; i < shares.size(); ++i) {
      const stage::MixedInput& input = m.mixture[i];
      table.Add(input.name, {input.drawn, input.bytes, input.tokens, input.images}, shares[i]);
    }
    html += table.Html();
  }
  if (!m.buckets.empty()) {
    SharesTable table("shares of the buckets" + of, "bucket", !m.bucket_tokens.empty(), false);
    const auto shares = stage::SharesOf(m.buckets);
    for (size_t i = 0; i < shares.size(); ++i) {
      table.Add(m.buckets[i].name, m.buckets[i].drawn, shares[i]);
    }
    html += table.Html();
  }
  return html;
}

}  // namespace millrace::pipeline
