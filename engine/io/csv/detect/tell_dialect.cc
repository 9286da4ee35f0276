#include "io/csv/detect/tell_dialect.h"

#include <algorithm>

#include "io/csv/detect/detect.h"
#include "io/encoding/text_stream.h"

namespace millrace::io {
namespace csv {
namespace {

std::vector<std::string> PartsOf(const CsvFileParts& parts) {
  std::vector<std::string> list;
  if (!parts.middle.empty()) list.push_back(parts.middle);
  if (!parts.tail.empty()) list.push_back(parts.tail);
  return list;
}

// The chosen table's text and head.
Status Narrow(int table, ToldDialect* told) {
  if (table > 0) {
    auto narrowed = MakeTableStream(std::move(told->stream), table);
    told->table = narrowed.get();
    told->stream = std::move(narrowed);
  }
  ARROW_ASSIGN_OR_RAISE(told->head, PeekBytes(kCsvHeadBytes, &told->stream));
  if (table > 1 && told->head.empty()) {
    return MakeError(ErrorCode::kBadValue, "the file has no table " + std::to_string(table) +
                                               ": tables are told apart by blank lines");
  }
  return Status::OK();
}

void Detect(const CsvOptions& options, const CsvFileParts& parts,
            const std::vector<std::string>& wanted, const DetectedEncoding& encoding,
            ToldDialect* told) {
  DialectSample sample;
  sample.head = told->head;
  sample.whole = static_cast<int64_t>(sample.head.size()) < kCsvHeadBytes;
  if (told->table == nullptr && !sample.whole) {
    sample.middle = WholeLines(parts.middle, encoding.encoding, /*to_end=*/false);
    sample.tail = WholeLines(parts.tail, encoding.encoding, /*to_end=*/true);
  }
  Detected detected = DetectDialect(sample, options, wanted);
  told->sniffed = std::move(detected.sniffed);
  told->footer = std::move(detected.footer);
  told->sniffed.dialect.encoding = encoding.encoding;
  told->sniffed.bom = encoding.bom_bytes > 0;
  if (encoding.reason.empty()) return;
  auto& reasons = told->sniffed.reasons;
  const bool said = !reasons.empty() && reasons[0] == encoding.reason;
  if (!said) reasons.insert(reasons.begin(), encoding.reason);
  told->sniffed.confidence = std::min(told->sniffed.confidence, encoding.confidence);
}

}  // namespace

Result<ToldDialect> TellDialect(std::unique_ptr<ByteStream> stream, const CsvOptions& given,
                                const CsvFileParts& parts, const std::vector<std::string>& wanted) {
  CsvOptions options = given;
  ARROW_ASSIGN_OR_RAISE(TextStream text,
                        OpenTextStream(std::move(stream), options.encoding, PartsOf(parts)));
  ToldDialect told;
  told.stream = std::move(text.stream);
  ARROW_RETURN_NOT_OK(Narrow(options.table.value_or(0), &told));
  Detect(options, parts, wanted, text.detected, &told);
  if (told.sniffed.dialect.table > 0 && !options.table && options.guess) {
    const SniffedCsv first = told.sniffed;
    options.table = first.dialect.table;
    ARROW_RETURN_NOT_OK(Narrow(*options.table, &told));
    Detect(options, parts, wanted, text.detected, &told);
    told.sniffed.confidence = first.confidence;
    told.sniffed.reasons = first.reasons;
  }
  return told;
}

}  // namespace csv

Result<SniffedCsv> SniffCsv(std::unique_ptr<ByteStream> stream, const CsvOptions& options,
                            const CsvFileParts& parts, const std::vector<std::string>& wanted) {
  ARROW_ASSIGN_OR_RAISE(csv::ToldDialect told,
                        csv::TellDialect(std::move(stream), options, parts, wanted));
  return std::move(told.sniffed);
}

}  // namespace millrace::io
