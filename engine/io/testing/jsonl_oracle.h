// Reads JSONL into plain values that tests compare: once through the reader, checking on the way
// that all bytes and all records are accounted for, and once the slow, obvious way.
#pragma once

#include <arrow/api.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "io/jsonl/json_path.h"
#include "io/jsonl/jsonl_reader.h"
#include "io/testing/slow_json.h"

namespace millrace::io::testing {

struct ReadRow {
  int64_t record = 0;       // in the file
  int64_t byte_offset = 0;  // in the file
  int64_t byte_length = 0;
  std::vector<std::optional<std::string>> cells;
  std::vector<std::string> errors;  // "<column> <rule> <value>"
};

struct ReadResult {
  std::vector<std::string> columns;
  std::vector<ReadRow> rows;
  std::vector<Reject> rejects;  // Reject::record is counted in the file
  int64_t records = 0;
  int64_t header_bytes = 0;

  std::string ToString(bool messages = true) const {
    std::string text =
        "header " + std::to_string(header_bytes) + " records " + std::to_string(records) + "\n";
    for (const ReadRow& row : rows) {
      text += std::to_string(row.record) + " @" + std::to_string(row.byte_offset) + "+" +
              std::to_string(row.byte_length);
      for (const auto& cell : row.cells) text += " | " + (cell ? "=" + *cell : "null");
      for (const std::string& error : row.errors) text += " ! " + error;
      text += "\n";
    }
    for (const Reject& reject : rejects) {
      text += std::to_string(reject.record) + " @" + std::to_string(reject.byte_offset) + "+" +
              std::to_string(reject.byte_length) + " " + reject.rule + " '" + reject.value + "' " +
              reject.raw + (messages ? " " + reject.message : "") + "\n";
    }
    return text;
  }
};

inline void AddBatch(const RawBatch& batch, const Chunk& chunk, ReadResult* result) {
  const int64_t rows = batch.columns->num_rows();
  MILLRACE_CHECK(batch.columns->ValidateFull().ok());
  MILLRACE_CHECK(batch.bytes_accounted == chunk.bytes_size());
  MILLRACE_CHECK(batch.records == rows + static_cast<int64_t>(batch.rejects.size()));
  MILLRACE_CHECK(static_cast<int64_t>(batch.extents.size()) == rows);
  MILLRACE_CHECK(batch.record_of_row.empty() == batch.rejects.empty() || rows == 0);
  std::vector<bool> seen(static_cast<size_t>(batch.records));
  size_t error = 0;
  for (int64_t i = 0; i < rows; ++i) {
    ReadRow row;
    seen[static_cast<size_t>(batch.RecordOfRow(i))] = true;
    row.record = result->records + batch.RecordOfRow(i);
    row.byte_offset = chunk.byte_offset + batch.extents[static_cast<size_t>(i)].offset;
    row.byte_length = batch.extents[static_cast<size_t>(i)].length;
    for (const auto& column : batch.columns->columns()) {
      const auto& text = static_cast<const arrow::StringArray&>(*column);
      row.cells.push_back(text.IsNull(i) ? std::nullopt : std::optional(text.GetString(i)));
    }
    for (; error < batch.cell_errors.size() && batch.cell_errors[error].row == i; ++error) {
      const CellError& e = batch.cell_errors[error];
      row.errors.push_back(std::to_string(e.column) + " " + e.rule + " " + e.value);
    }
    result->rows.push_back(std::move(row));
  }
  MILLRACE_CHECK(error == batch.cell_errors.size());
  for (Reject reject : batch.rejects) {
    MILLRACE_CHECK(!seen[static_cast<size_t>(reject.record)]);
    seen[static_cast<size_t>(reject.record)] = true;
    reject.record += result->records;
    result->rejects.push_back(std::move(reject));
  }
  MILLRACE_CHECK(std::find(seen.begin(), seen.end(), false) == seen.end());
  result->records += batch.records;
}

/// Aborts when an invariant is broken.
/// `stored`: the text as it lies in the file, where that is another encoding.
inline ReadResult ReadWith(const std::string& text, const JsonlOptions& options,
                           const Projection& projection, const std::string* stored = nullptr) {
  ReadResult result;
  auto reader = OpenJsonl(MemoryByteStream(stored == nullptr ? text : *stored), options, projection)
                    .ValueOrDie();
  result.columns = reader->file_schema()->field_names();
  result.header_bytes = reader->header_bytes();
  int64_t bytes = result.header_bytes;
  for (int64_t index = 0; auto chunk = reader->Next().ValueOrDie(); ++index) {
    MILLRACE_CHECK(chunk->index == index);
    MILLRACE_CHECK(chunk->byte_offset == bytes);
    bytes += chunk->bytes_size();
    AddBatch(reader->Parse(*chunk).ValueOrDie(), *chunk, &result);
  }
  MILLRACE_CHECK(bytes == static_cast<int64_t>(text.size()));
  return result;
}

class SlowReader {
 public:
  SlowReader(const std::string& text, const JsonlOptions& options, const Projection& projection)
      : text_(text),
        max_(static_cast<size_t>(options.record_bytes_max)),
        projection_(projection),
        layout_(options.layout) {
    for (const FieldRequest& request : projection.fields) {
      paths_.push_back(ParseJsonPath(request.path).ValueOrDie());
      result_.columns.push_back(request.path);
      if (!paths_.back()[0].is_index()) known_.insert(paths_.back()[0].member);
    }
    known_.insert(projection.known.begin(), projection.known.end());
  }

  ReadResult Read() {
    size_t at = text_.rfind("\xEF\xBB\xBF", 0) == 0 ? 3 : 0;
    result_.header_bytes = static_cast<int64_t>(at);
    const size_t first = text_.find_first_not_of(" \t\r\n", at);
    const char mark = first != std::string::npos && first - at < max_ ? text_[first] : '\0';
    if (layout_ ? *layout_ == JsonlLayout::kConcatenated
                : mark == '{' && BeginsConcatenated(first)) {
      ReadObjects(at);
    } else if (layout_ ? *layout_ == JsonlLayout::kArray : mark == '[') {
      result_.header_bytes = static_cast<int64_t>(first) + 1;
      ReadElements(first + 1);
    } else {
      ReadLines(at);
    }
    return std::move(result_);
  }

 private:
  void ReadLines(size_t at) {
    while (at < text_.size()) {
      const size_t newline = text_.find('\n', at);
      const size_t end = std::min(newline, text_.size());
      const size_t next = std::min(end + 1, text_.size());
      if (end - at > max_) {
        AddReject(at, next, "json.record_too_long");
      } else {
        AddRecord(at, end, newline == std::string::npos);
      }
      at = next;
    }
  }

  /// The ',' or ']' of the array itself that comes next, or the text's end.
  size_t ElementEnd(size_t at) const {
    int depth = 0;
    bool in_string = false;
    for (; at < text_.size(); ++at) {
      const char c = text_[at];
      if (in_string && c == '\\') {
        ++at;
      } else if (c == '"') {
        in_string = !in_string;
      } else if (!in_string && depth == 0 && (c == ',' || c == ']')) {
        return at;
      } else if (!in_string && (c == '{' || c == '[')) {
        ++depth;
      } else if (!in_string && (c == '}' || c == ']') && depth > 0) {
        --depth;
      }
    }
    return text_.size();
  }

  void ReadElements(size_t at) {
    for (bool first = true;; first = false) {
      const size_t end = ElementEnd(at);
      const bool closes = end < text_.size() && text_[end] == ']';
      const bool blank = text_.find_first_not_of(" \t\r\n", at) >= end;
      if (end - at > max_) {
        const size_t next = closes ? text_.size() : std::min(end + 1, text_.size());
        AddReject(at, next, "json.record_too_long");
        if (closes || end == text_.size()) return;
      } else if (end == text_.size()) {
        const size_t rejects = result_.rejects.size();
        if (!blank) AddRecord(at, end, true);
        if (result_.rejects.size() == rejects) AddReject(end, end, "json.truncated");
        return;
      } else if (!blank) {
        AddRecord(at, end, false);
      } else if (!(first && closes)) {
        AddReject(end, end, "json.syntax");
      }
      at = end + 1;
      if (closes) return AfterArray(at);
    }
  }

  /// Whether the '{' at `at` comes, on a later line, directly behind a '}' of the same record.
  bool IsCertainStart(size_t at, size_t record_begin) const {
    bool newline = false;
    while (at > record_begin && SlowJson::IsSpace(text_[at - 1])) newline |= text_[--at] == '\n';
    return newline && at > record_begin && text_[at - 1] == '}';
  }

  /// One past the record of concatenated objects that begins at `begin`; npos: it does not end.
  size_t ObjectEnd(size_t begin) const {
    std::string open;  // brackets and, last, a quote
    bool broken = false;
    for (size_t at = begin; at < text_.size(); ++at) {
      const char c = text_[at];
      const bool in_string = !open.empty() && open.back() == '"';
      if (c == '{' && (broken || !open.empty()) && IsCertainStart(at, begin)) return at;
      if (broken) continue;
      if (in_string && c == '\n') {
        broken = true;
      } else if (in_string && c == '\\') {
        if (at + 1 < text_.size() && text_[at + 1] != '\n') ++at;
      } else if (in_string) {
        if (c == '"') open.pop_back();
      } else if (open.empty() && !SlowJson::IsSpace(c) && c != '{') {
        broken = true;
      } else if (c == '{' || c == '[' || c == '"') {
        open += c;
      } else if (c == '}' || c == ']') {
        open.pop_back();
        if (open.empty()) return at + 1;
      }
    }
    return std::string::npos;
  }

  bool BeginsConcatenated(size_t at) const {
    const size_t end = ObjectEnd(at);
    if (end == std::string::npos || end - at > max_ || text_[end - 1] != '}') return false;
    if (text_.substr(at, end - at).find('\n') == std::string::npos) {
      const size_t next = text_.find_first_not_of(" \t\r", end);
      if (next == std::string::npos || text_[next] != '{') return false;
    }
    SlowJson parser(text_.substr(at, end - at));
    try {
      return parser.Parse().kind == SlowValue::kObject && !parser.duplicate();
    } catch (const SlowFault&) {
      return false;
    }
  }

  void ReadObjects(size_t at) {
    while (at < text_.size()) {
      const size_t found = ObjectEnd(at);
      const size_t end = std::min(found, text_.size());
      if (end - at > max_) {
        AddReject(at, end, "json.record_too_long");
      } else {
        AddRecord(at, end, found == std::string::npos || text_[found - 1] != '}');
      }
      at = end;
    }
  }

  void AfterArray(size_t at) {
    size_t end = text_.size();
    if (end - at > max_) return AddReject(at, end, "json.record_too_long");
    while (at < end && SlowJson::IsSpace(text_[at])) ++at;
    while (end > at && SlowJson::IsSpace(text_[end - 1])) --end;
    if (at < end) AddReject(at, end, "json.syntax");
  }

  void AddReject(size_t begin, size_t end, const std::string& rule, const std::string& value = "") {
    Reject reject;
    reject.record = result_.records++;
    reject.byte_offset = static_cast<int64_t>(begin);
    reject.byte_length = static_cast<int64_t>(end - begin);
    reject.rule = rule;
    reject.value = value;
    reject.raw = text_.substr(begin, std::min<size_t>(end - begin, kRejectRawBytesMax));
    result_.rejects.push_back(std::move(reject));
  }

  void AddRecord(size_t begin, size_t end, bool unterminated) {
    while (begin < end && SlowJson::IsSpace(text_[begin])) ++begin;
    while (end > begin && SlowJson::IsSpace(text_[end - 1])) --end;
    if (begin == end) return;
    SlowJson parser(text_.substr(begin, end - begin));
    SlowValue value;
    try {
      value = parser.Parse();
    } catch (const SlowFault& fault) {
      std::string rule = fault.rule;
      if (rule == "json.incomplete") rule = unterminated ? "json.truncated" : "json.syntax";
      if (rule == "json.cut_character") rule = unterminated ? "json.truncated" : "json.bad_utf8";
      return AddReject(begin, end, rule);
    }
    if (value.kind != SlowValue::kObject) return AddReject(begin, end, "json.not_an_object");
    if (parser.duplicate()) {
      return AddReject(begin, end, "json.duplicate_key", *parser.duplicate());
    }
    if (projection_.unknown == UnknownFields::kReject) {
      for (const SlowMember& member : value.members) {
        if (known_.count(member.name) > 0) continue;
        return AddReject(begin, end, "json.unknown_field", member.name);
      }
    }
    ReadRow row;
    row.record = result_.records++;
    row.byte_offset = static_cast<int64_t>(begin);
    row.byte_length = static_cast<int64_t>(end - begin);
    for (size_t column = 0; column < paths_.size(); ++column) AddCell(value, column, &row);
    result_.rows.push_back(std::move(row));
  }

  void AddCell(const SlowValue& record, size_t column, ReadRow* row) const {
    const auto error = [&](const char* rule, const std::string& raw) {
      row->cells.push_back(std::nullopt);
      row->errors.push_back(std::to_string(column) + " json.expected_" + rule + " " + Shown(raw));
    };
    const SlowValue* value = &record;
    for (const JsonPathStep& step : paths_[column]) {
      if (value->kind == SlowValue::kNull) break;
      if (step.is_index() && value->kind != SlowValue::kArray) return error("array", value->raw);
      if (!step.is_index() && value->kind != SlowValue::kObject) return error("object", value->raw);
      value = step.is_index() ? value->Element(step.index) : value->Member(step.member);
    }
    const FieldRequest& request = projection_.fields[column];
    const bool container = value->kind == SlowValue::kObject || value->kind == SlowValue::kArray;
    if (value->kind == SlowValue::kNull) {
      row->cells.push_back(std::nullopt);
    } else if (container && !request.wants_json && !request.raw_json) {
      error("scalar", value->raw);
    } else {
      row->cells.push_back(container || request.raw_json ? value->raw : value->text);
    }
  }

  static std::string Shown(const std::string& raw) {
    if (raw.size() <= 256) return raw;
    size_t end = 256;
    while (end > 0 && (static_cast<uint8_t>(raw[end]) & 0xC0) == 0x80) --end;
    return raw.substr(0, end) + "…";
  }

  const std::string& text_;
  const size_t max_;
  const Projection& projection_;
  const std::optional<JsonlLayout> layout_;
  std::vector<std::vector<JsonPathStep>> paths_;
  std::set<std::string> known_;
  ReadResult result_;
};

inline ReadResult ReadSlowly(const std::string& text, const JsonlOptions& options,
                             const Projection& projection) {
  return SlowReader(text, options, projection).Read();
}

}  // namespace millrace::io::testing
