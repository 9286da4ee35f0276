// Columns of text that line up, for people. Cells are made safe for a terminal.
#pragma once

#include <string>
#include <vector>

namespace millrace::cli {

enum class Align { kLeft, kRight };

class TextTable {
 public:
  struct Column {
    std::string title;
    Align align = Align::kLeft;
    int columns_max = 48;  // wider cells are shortened
  };
  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  void Add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  /// Every line is indented by two; the header is dim on a terminal; no trailing blanks.
  std::string Render() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace millrace::cli
