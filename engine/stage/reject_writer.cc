#include "stage/reject_writer.h"

#include <arrow/api.h>
#include <arrow/util/utf8.h>

#include "base/reserved_columns.h"
#include "contract/contract.h"

namespace millrace::stage {
namespace {

constexpr int64_t kBatchRows = 1024;
constexpr int64_t kBatchBytes = 1 << 20;

/// Rejects hold what was wrong, at times with bytes that are no UTF-8; in text columns those become
/// U+FFFD. The column `raw` keeps them.
std::string ValidText(const std::string& text) {
  arrow::util::InitializeUTF8();
  if (arrow::util::ValidateUTF8(text)) return text;
  std::string out;
  for (size_t i = 0; i < text.size();) {
    size_t length = 1;
    while (length <= 4 && i + length <= text.size() &&
           !arrow::util::ValidateUTF8(text.substr(i, length)))
      ++length;
    if (length <= 4 && i + length <= text.size()) {
      out.append(text, i, length);
      i += length;
    } else {
      out += "\xef\xbf\xbd";
      ++i;
    }
  }
  return out;
}

std::string InstanceOf(const std::string& rule) { return rule.substr(0, rule.find('.')); }

}  // namespace

std::shared_ptr<arrow::Schema> RejectSchema(bool has_sensitive) {
  using arrow::field;
  const auto mark =
      has_sensitive ? arrow::key_value_metadata({contract::kSensitiveKey}, {"true"}) : nullptr;
  return arrow::schema({field("source", arrow::utf8(), false), field("path", arrow::utf8(), false),
                        field("ordinal", arrow::int64(), false),
                        field("byte_offset", arrow::int64()), field("byte_length", arrow::int64()),
                        field("instance", arrow::utf8(), false),
                        field("rule", arrow::utf8(), false), field("column", arrow::utf8()),
                        field("value", arrow::utf8(), mark), field("threshold", arrow::utf8()),
                        field("message", arrow::utf8(), false), field("raw", arrow::binary(), mark),
                        field(std::string(kRowIdColumn), arrow::utf8(), false)});
}

struct RejectWriter::Columns {
  arrow::StringBuilder source, path, instance, rule, column, value, threshold, message, row_id;
  arrow::Int64Builder ordinal, byte_offset, byte_length;
  arrow::BinaryBuilder raw;
  int64_t bytes = 0;

  Status AddText(arrow::StringBuilder& builder, const std::string& text) {
    bytes += static_cast<int64_t>(text.size());
    return text.empty() ? builder.AppendNull() : builder.Append(ValidText(text));
  }
  static Status AddPlace(arrow::Int64Builder& builder, int64_t place) {
    return place < 0 ? builder.AppendNull() : builder.Append(place);
  }
};

RejectWriter::RejectWriter(io::Store& store, std::string key_prefix, TaskPool* pool,
                           bool has_sensitive, RejectPrivacy privacy)
    : store_(store),
      key_prefix_(std::move(key_prefix)),
      pool_(pool),
      schema_(RejectSchema(has_sensitive)),
      privacy_(std::move(privacy)),
      columns_(std::make_unique<Columns>()) {}
RejectWriter::~RejectWriter() = default;

Status RejectWriter::Add(const RejectOrigin& origin, const Reject& found,
                         const std::string& sensitive_value) {
  Columns& to = *columns_;
  const Reject reject = CoverSensitive(privacy_, found, sensitive_value);
  const std::string instance = InstanceOf(reject.rule);
  ARROW_RETURN_NOT_OK(to.source.Append(origin.source));
  ARROW_RETURN_NOT_OK(to.path.Append(origin.path));
  ARROW_RETURN_NOT_OK(to.ordinal.Append(origin.ordinal));
  ARROW_RETURN_NOT_OK(Columns::AddPlace(to.byte_offset, reject.byte_offset));
  ARROW_RETURN_NOT_OK(Columns::AddPlace(to.byte_length, reject.byte_length));
  ARROW_RETURN_NOT_OK(to.instance.Append(instance));
  ARROW_RETURN_NOT_OK(to.rule.Append(reject.rule));
  ARROW_RETURN_NOT_OK(to.AddText(to.column, reject.column));
  ARROW_RETURN_NOT_OK(to.AddText(to.value, reject.value));
  ARROW_RETURN_NOT_OK(to.AddText(to.threshold, reject.threshold));
  ARROW_RETURN_NOT_OK(to.message.Append(ValidText(reject.message)));
  to.bytes += static_cast<int64_t>(reject.raw.size());
  ARROW_RETURN_NOT_OK(reject.raw.empty() ? to.raw.AppendNull() : to.raw.Append(reject.raw));
  ARROW_RETURN_NOT_OK(
      to.row_id.Append(origin.source + '/' + origin.path + '#' + std::to_string(origin.ordinal)));
  ++counts_[{origin.source, instance, reject.rule, reject.column}];
  ++rows_;
  return to.row_id.length() >= kBatchRows || to.bytes >= kBatchBytes ? Flush() : Status::OK();
}

Status RejectWriter::Flush() {
  Columns& from = *columns_;
  const int64_t rows = from.row_id.length();
  if (rows == 0) return Status::OK();
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (arrow::ArrayBuilder* builder : std::vector<arrow::ArrayBuilder*>{
           &from.source, &from.path, &from.ordinal, &from.byte_offset, &from.byte_length,
           &from.instance, &from.rule, &from.column, &from.value, &from.threshold, &from.message,
           &from.raw, &from.row_id}) {
    ARROW_RETURN_NOT_OK(builder->Finish(&arrays.emplace_back()));
  }
  from.bytes = 0;
  if (!writer_) {
    // Raw records can be long: a group of rows ends early, so that memory does not follow them.
    io::ShardWriterOptions options;
    options.rows_per_batch = kBatchRows;
    options.bytes_per_batch = kBatchBytes;
    options.bytes_per_row_group = 8 << 20;
    ARROW_ASSIGN_OR_RAISE(writer_,
                          io::OpenShardWriter(store_, key_prefix_, schema_, options, pool_));
  }
  return writer_->Write(arrow::RecordBatch::Make(schema_, rows, std::move(arrays)));
}

Result<std::vector<io::DataFile>> RejectWriter::Finish() {
  ARROW_RETURN_NOT_OK(Flush());
  std::vector<io::DataFile> files;
  if (writer_) {
    ARROW_ASSIGN_OR_RAISE(files.emplace_back(), writer_->Finish());
    writer_.reset();
  }
  return files;
}

std::vector<RejectCount> RejectWriter::Counts() const {
  std::vector<RejectCount> counts;
  for (const auto& [key, rows] : counts_) {
    const auto& [source, instance, rule, column] = key;
    counts.push_back({source, instance, rule, column, rows});
  }
  return counts;
}

void AddRejectCounts(const std::vector<RejectCount>& from, std::vector<RejectCount>* to) {
  std::map<std::tuple<std::string, std::string, std::string, std::string>, int64_t> sums;
  for (const auto* counts : {&from, static_cast<const std::vector<RejectCount>*>(to)}) {
    for (const RejectCount& c : *counts) sums[{c.source, c.instance, c.rule, c.column}] += c.rows;
  }
  to->clear();
  for (const auto& [key, rows] : sums) {
    const auto& [source, instance, rule, column] = key;
    to->push_back({source, instance, rule, column, rows});
  }
}

}  // namespace millrace::stage
