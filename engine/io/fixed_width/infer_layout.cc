#include <algorithm>
#include <cmath>
#include <set>

#include "io/fixed_width/fixed_width_format.h"
#include "io/fixed_width/line_places.h"

namespace millrace::io {
namespace {

constexpr size_t kLinesMax = 2000;

struct Span {
  size_t begin = 0, end = 0;
};

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

std::vector<std::string_view> SampleLines(std::string_view sample) {
  std::vector<std::string_view> lines;
  while (!sample.empty() && lines.size() < kLinesMax) {
    const size_t newline = sample.find('\n');
    // A line that the sample cuts off says nothing about where it ends.
    if (newline == std::string_view::npos && !lines.empty()) break;
    const std::string_view line = WithoutLineEnd(sample.substr(0, newline));
    if (!IsBlank(line)) lines.push_back(line);
    if (newline == std::string_view::npos) break;
    sample.remove_prefix(newline + 1);
  }
  return lines;
}

/// Runs of places that some line uses.
std::vector<Span> UsedSpans(const std::vector<LinePlaces>& lines) {
  size_t longest = 0;
  for (const LinePlaces& line : lines) longest = std::max(longest, line.size());
  std::vector<bool> used(longest + 1, false);
  for (const LinePlaces& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) used[i] = used[i] || !IsBlank(line.Text(i, i + 1));
  }
  std::vector<Span> spans;
  for (size_t i = 0; i < longest; ++i) {
    if (!used[i]) continue;
    if (i == 0 || !used[i - 1]) spans.push_back({i, i});
    spans.back().end = i + 1;
  }
  return spans;
}

/// The share of values that begin where the column does, or end where it ends: whichever is more.
double Alignment(const std::vector<LinePlaces>& lines, const Span& span) {
  double left = 0, right = 0, values = 0;
  for (const LinePlaces& line : lines) {
    if (IsBlank(line.Text(span.begin, span.end))) continue;
    ++values;
    left += IsBlank(line.Text(span.begin, span.begin + 1)) ? 0 : 1;
    right += IsBlank(line.Text(span.end - 1, span.end)) ? 0 : 1;
  }
  return values == 0 ? 0 : std::max(left, right) / values;
}

std::string Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin));
}

}  // namespace

FixedWidthLayout InferFixedWidth(std::string_view sample, bool header, WidthUnit unit) {
  FixedWidthLayout layout;
  const std::vector<std::string_view> texts = SampleLines(sample);
  std::vector<LinePlaces> lines;
  for (const std::string_view text : texts) lines.emplace_back(text, unit);
  const std::vector<Span> spans = UsedSpans(lines);
  std::set<std::string> names;
  bool all_named = true;
  double alignment = 1;
  size_t worst = 0;
  for (size_t i = 0; i < spans.size(); ++i) {
    FixedColumn column;
    if (header) column.name = Trimmed(lines[0].Text(spans[i].begin, spans[i].end));
    all_named = all_named && (!header || !column.name.empty());
    if (column.name.empty()) column.name = "column_" + std::to_string(i + 1);
    all_named = names.insert(column.name).second && all_named;
    column.start = static_cast<int64_t>(spans[i].begin);
    const size_t next = i + 1 < spans.size() ? spans[i + 1].begin : spans[i].begin;
    column.width = static_cast<int64_t>(next - spans[i].begin);  // 0, to the end, for the last one
    layout.columns.push_back(std::move(column));
    const double share = Alignment(lines, spans[i]);
    if (share < alignment) worst = i;
    alignment = std::min(alignment, share);
  }
  const size_t rows = lines.size() - (header && !lines.empty() ? 1 : 0);
  const double seen = rows == 0 ? 0 : 1 - 1 / static_cast<double>(rows + 1);
  layout.confidence = alignment * seen;
  if (spans.size() < 2) layout.confidence = std::min(layout.confidence, 0.3);
  if (!all_named) layout.confidence = std::min(layout.confidence, 0.5);
  layout.reasons.push_back(std::to_string(spans.size()) + " columns: the places between them are " +
                           "blank in all of the first " + std::to_string(lines.size()) + " lines");
  if (spans.size() < 2) layout.reasons.push_back("one column is no evidence of fixed widths");
  if (!all_named) layout.reasons.push_back("the first line does not name each column once");
  if (alignment < 1) {
    layout.reasons.push_back("of `" + layout.columns[worst].name + "` only " +
                             std::to_string(std::lround(alignment * 100)) +
                             " % of the values keep to a border");
  }
  return layout;
}

std::string FixedWidthDeclaration(const std::vector<FixedColumn>& columns) {
  std::string text = "columns:\n";
  for (const FixedColumn& column : columns) {
    std::string name;
    for (const char c : column.name) name += c == '\'' ? "''" : std::string(1, c);
    text += "  '" + name + "': {start: " + std::to_string(column.start + 1);
    if (column.width > 0) text += ", width: " + std::to_string(column.width);
    text += "}\n";
  }
  return text;
}

}  // namespace millrace::io
