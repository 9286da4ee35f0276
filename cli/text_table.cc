#include "cli/text_table.h"

#include <algorithm>

#include "base/status.h"
#include "cli/terminal.h"

namespace millrace::cli {

void TextTable::Add(std::vector<std::string> cells) {
  MILLRACE_CHECK(cells.size() == columns_.size());
  for (size_t i = 0; i < cells.size(); ++i) {
    cells[i] = Shortened(SafeText(cells[i], false), columns_[i].columns_max);
  }
  rows_.push_back(std::move(cells));
}

std::string TextTable::Render() const {
  std::vector<int> widths;
  for (size_t i = 0; i < columns_.size(); ++i) {
    int width = DisplayWidth(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, DisplayWidth(row[i]));
    widths.push_back(width);
  }
  const auto line = [&](const auto& cell_of) {
    std::string text = "  ";
    for (size_t i = 0; i < columns_.size(); ++i) {
      const std::string& cell = cell_of(i);
      const std::string gap(static_cast<size_t>(widths[i] - DisplayWidth(cell)), ' ');
      if (i > 0) text += "  ";
      text += columns_[i].align == Align::kRight ? gap + cell : cell + gap;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  };
  std::string out;
  const std::string titles =
      line([&](size_t i) -> const std::string& { return columns_[i].title; });
  if (!titles.empty()) out += Styled(Style::kDim, titles) + '\n';
  for (const auto& row : rows_) {
    out += line([&](size_t i) -> const std::string& { return row[i]; }) + '\n';
  }
  return out;
}

}  // namespace millrace::cli
