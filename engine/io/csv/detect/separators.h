// Which delimiter, quote and escape explain a sample best.
//
// The idea is that of Gertjan van den Burg, Alfredo Nazábal and Charles Sutton, "Wrangling messy
// CSV files by detecting row and type patterns", Data Mining and Knowledge Discovery 33 (2019): a
// dialect is judged by the pattern of its rows' lengths times how many of its cells look like
// values. The measures here are our own and simpler.
#pragma once

#include <string>
#include <vector>

#include "io/csv/detect/sample_records.h"

namespace millrace::io::csv {

/// How well a dialect explains a sample.
struct Fit {
  CsvDialect dialect;
  size_t fields = 1;     // of most records, longer ones weighing more
  double agreement = 0;  // share of records with that many
  double plausible = 0;  // mean plausibility of their cells
  double faulty = 0;     // share of records with text after a quote, or a quote never closed
  size_t records = 0;
  double score = 0;
};

Fit FitOf(std::string_view sample, bool whole, const CsvDialect& dialect);

struct SeparatorChoice {
  Fit best;
  Fit second;  // the best one with another delimiter; score 0: there is none
};

/// `base` holds what is decided already (newline, comment); the options say what is declared.
SeparatorChoice ChooseSeparators(std::string_view sample, bool whole, const CsvDialect& base,
                                 const CsvOptions& options);

/// "a tab", "`;`".
std::string NamedSeparator(std::string_view separator);

}  // namespace millrace::io::csv
