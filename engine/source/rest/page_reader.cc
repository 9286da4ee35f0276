#include "source/rest/page_reader.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>

#include <algorithm>

#include "base/sha256.h"
#include "source/rest/cursor_value.h"
#include "source/rest/rest_errors.h"

namespace millrace::source::rest {
namespace {

Status Bad(const std::string& what) { return MakeError(kBadPage, what); }

size_t FirstNotBlank(std::string_view text) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") return text.find_first_not_of(" \t\r\n", 3);
  return text.find_first_not_of(" \t\r\n");
}

// An error page of a gateway is no table, however well it splits into lines.
Status RefuseMarkup(std::string_view text) {
  const size_t at = FirstNotBlank(text);
  if (at == std::string_view::npos || text[at] != '<') return Status::OK();
  return Bad("the body is HTML or XML");
}

Result<PageCount> CountWith(io::RecordReader& reader, bool all_may_be_rejects) {
  PageCount count;
  int64_t rejects = 0;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<io::Chunk> chunk, reader.Next());
    if (chunk == nullptr) break;
    ARROW_ASSIGN_OR_RAISE(const io::RawBatch batch, reader.Parse(*chunk));
    count.records += batch.records;
    rejects += static_cast<int64_t>(batch.rejects.size());
  }
  if (!all_may_be_rejects && count.records > 0 && rejects == count.records) {
    return Bad("not one of its " + std::to_string(count.records) + " lines is a JSON object");
  }
  return count;
}

std::string LastLine(std::string_view text) {
  const size_t end = text.find_last_not_of(" \t\r\n");
  if (end == std::string_view::npos) return "";
  const size_t begin = text.find_last_of('\n', end);
  return std::string(
      text.substr(begin == std::string_view::npos ? 0 : begin + 1,
                  end - (begin == std::string_view::npos ? size_t{0} : begin + 1) + 1));
}

// Raises `cursor` to the record's value where that is greater. A record without one changes
// nothing.
Status RaiseCursor(std::string_view record, const Incremental& incremental, std::string* cursor) {
  ARROW_ASSIGN_OR_RAISE(const auto piece, incremental.field.FindOne(record));
  if (!piece) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const std::string value, JsonScalarText(*piece));
  ARROW_ASSIGN_OR_RAISE(const bool greater, IsGreaterCursor(value, *cursor, incremental.form));
  if (greater) *cursor = value;
  return Status::OK();
}

Status RaiseOverLines(std::string_view text, const Incremental& incremental, PageCount* count) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    // A line that is no record is the ingest's to reject.
    const Status raised = RaiseCursor(text.substr(at, end - at), incremental, &count->cursor);
    const bool is_json = JsonQuery().Find(text.substr(at, end - at)).ok();
    if (is_json) ARROW_RETURN_NOT_OK(raised);
    at = end + 1;
  }
  return Status::OK();
}

void AppendRecord(std::string_view record, const Pairs& carried, std::string* out) {
  const size_t brace = record.find_first_not_of(" \t\r\n");
  if (carried.empty() || brace == std::string_view::npos || record[brace] != '{') {
    out->append(record);
    return;
  }
  *out += '{';
  for (const auto& [name, value] : carried) *out += name + ':' + value + ',';
  const size_t first = record.find_first_not_of(" \t\r\n", brace + 1);
  if (first != std::string_view::npos && record[first] == '}') out->pop_back();
  out->append(record.substr(brace + 1));
}

}  // namespace

Result<std::string> PageText(std::string_view body, int64_t bytes_max) {
  if (io::SniffCompression(body.substr(0, 8)) == io::Compression::kNone) return std::string(body);
  const auto buffer = std::make_shared<arrow::Buffer>(reinterpret_cast<const uint8_t*>(body.data()),
                                                      static_cast<int64_t>(body.size()));
  ARROW_ASSIGN_OR_RAISE(
      const auto stream,
      io::OpenByteStream(std::make_shared<arrow::io::BufferReader>(buffer), /*hash=*/false));
  std::string text;
  constexpr int64_t kStep = 1 << 16;
  while (true) {
    const size_t size = text.size();
    text.resize(size + kStep);
    const Result<int64_t> got = stream->Read(kStep, reinterpret_cast<uint8_t*>(text.data()) + size);
    if (!got.ok()) return Bad("the compressed body is damaged: " + got.status().message());
    text.resize(size + static_cast<size_t>(*got));
    if (static_cast<int64_t>(text.size()) > bytes_max) {
      return Bad("the body is longer than " + std::to_string(bytes_max) +
                 " bytes when it is decompressed");
    }
    if (*got == 0) return text;  // a short read may come before an error as well
  }
}

// A path that ends at an array means its elements.
Result<std::vector<std::string_view>> JsonRecords(std::string_view text, const Endpoint& endpoint) {
  const JsonQuery container = endpoint.records.Container();
  ARROW_ASSIGN_OR_RAISE(const auto place, container.FindOne(text));
  if (!place) {
    if (endpoint.records_may_miss) return std::vector<std::string_view>{};
    return Bad("there is nothing at `" + container.text() + "`, where the records are due");
  }
  const bool each = container.steps().size() < endpoint.records.steps().size();
  if (each && place->front() != '[') {
    return Bad("`" + container.text() + "`, where the records are due, is no array");
  }
  ARROW_ASSIGN_OR_RAISE(auto records, endpoint.records.Find(text));
  if (!endpoint.records.EndsWithEach() && records.size() == 1) return JsonElements(records[0]);
  return records;
}

Result<PageCount> CountRecords(const std::string& text, const FormatOptions& format,
                               const Endpoint& endpoint, const Incremental* incremental) {
  PageCount count;
  if (endpoint.format == PageFormat::kJson) {
    ARROW_ASSIGN_OR_RAISE(const auto records, JsonRecords(text, endpoint));
    count.records = static_cast<int64_t>(records.size());
    if (!records.empty()) count.last_record = std::string(records.back());
    for (const std::string_view record : records) {
      if (incremental == nullptr) break;
      ARROW_RETURN_NOT_OK(RaiseCursor(record, *incremental, &count.cursor));
    }
    return count;
  }
  ARROW_RETURN_NOT_OK(RefuseMarkup(text));
  if (endpoint.format == PageFormat::kJsonl) {
    ARROW_ASSIGN_OR_RAISE(const auto reader,
                          io::OpenJsonl(io::MemoryByteStream(text),
                                        std::get<io::JsonlOptions>(format), io::Projection{}));
    ARROW_ASSIGN_OR_RAISE(count, CountWith(*reader, /*all_may_be_rejects=*/false));
    count.last_record = LastLine(text);
    if (incremental != nullptr) ARROW_RETURN_NOT_OK(RaiseOverLines(text, *incremental, &count));
    return count;
  }
  io::Projection all;
  all.all = true;
  ARROW_ASSIGN_OR_RAISE(const auto reader, io::OpenCsv(io::MemoryByteStream(text),
                                                       std::get<io::CsvOptions>(format), all));
  return CountWith(*reader, /*all_may_be_rejects=*/true);
}

Result<std::string> ContentSha256(const std::string& text, const Endpoint& endpoint) {
  const Paging& paging =
      endpoint.paging.within == nullptr ? endpoint.paging : *endpoint.paging.within;
  const bool counts = paging.kind == PagingKind::kOffset || paging.kind == PagingKind::kPage;
  if (!counts || endpoint.format != PageFormat::kJson) return Sha256Hex(text);
  ARROW_ASSIGN_OR_RAISE(const auto records, JsonRecords(text, endpoint));
  Sha256 hash;
  for (const std::string_view record : records) hash.UpdateField(record);
  return hash.FinishHex();
}

Result<std::string> RecordsText(std::string text, const Endpoint& endpoint, const Pairs& carried) {
  if (endpoint.format == PageFormat::kCsv) return text;
  if (endpoint.format == PageFormat::kJsonl) {
    if (carried.empty()) return text;
    std::string out;
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
      AppendRecord(std::string_view(text).substr(at, end - at), carried, &out);
      at = end;
    }
    return out;
  }
  ARROW_ASSIGN_OR_RAISE(const auto records, JsonRecords(text, endpoint));
  std::string out;
  out.reserve(text.size() + 2);
  for (const std::string_view record : records) {
    out += out.empty() ? "[" : ",\n";
    AppendRecord(record, carried, &out);
  }
  out += out.empty() ? "[]\n" : "]\n";
  return out;
}

}  // namespace millrace::source::rest
