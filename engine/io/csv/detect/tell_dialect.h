// An opened file's dialect, and its text from the start.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/csv/csv_reader.h"
#include "io/csv/detect/layout.h"
#include "io/csv/trimmed_stream.h"

namespace millrace::io::csv {

struct ToldDialect {
  SniffedCsv sniffed;
  std::unique_ptr<ByteStream> stream;    // UTF-8, of the chosen table
  const TrimmedStream* table = nullptr;  // what left out the other tables; null: nothing did
  std::optional<FooterTeller> footer;    // see Detected
  std::string head;                      // what the stream starts with, up to kCsvHeadBytes
};

Result<ToldDialect> TellDialect(std::unique_ptr<ByteStream> stream, const CsvOptions& options,
                                const CsvFileParts& parts, const std::vector<std::string>& wanted);

}  // namespace millrace::io::csv
