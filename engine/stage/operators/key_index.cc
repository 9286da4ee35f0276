#include "stage/operators/key_index.h"

#include <arrow/api.h>
#include <arrow/io/interfaces.h>

#include <bit>
#include <cstring>

#include "base/sha256.h"
#include "stage/file_json.h"
#include "stage/shard_rows.h"

namespace millrace::stage {
namespace {

constexpr int kFormat = 1;
constexpr int kDigestBytes = 16;
constexpr int64_t kRowsPerBatch = 8192;
constexpr int64_t kReadBytes = 1 << 20;
constexpr const char* kColumn = "digest";
constexpr std::string_view kSuffix = ".json";

std::shared_ptr<arrow::Schema> IndexSchema() {
  return arrow::schema({arrow::field(kColumn, arrow::fixed_size_binary(kDigestBytes), false)});
}

uint64_t BigEndian(uint64_t value) {
  return std::endian::native == std::endian::little ? __builtin_bswap64(value) : value;
}

Status Damaged(io::Store& store, const std::string& key, const std::string& what) {
  return MakeError(ErrorCode::kWorkspaceDamaged, store.Describe() + '/' + key + ' ' + what,
                   "bring it back, or remove the part: its rows are then taken for new");
}

Result<std::string> HashOf(io::Store& store, const std::string& key) {
  ARROW_ASSIGN_OR_RAISE(const auto input, store.OpenForRead(key));
  Sha256 hash;
  for (std::string buffer(kReadBytes, '\0');;) {
    ARROW_ASSIGN_OR_RAISE(const int64_t bytes, input->Read(kReadBytes, buffer.data()));
    if (bytes == 0) return hash.FinishHex();
    hash.Update(buffer.data(), static_cast<size_t>(bytes));
  }
}

std::string PartToJson(const KeyIndexPart& part) {
  const Json json = {{"format_version", kFormat}, {"keys", part.keys}, {"file", ToJson(part.file)}};
  return json.dump(1) + '\n';
}

Result<KeyIndexPart> PartFromJson(io::Store& store, const std::string& key,
                                  const std::string& text) {
  KeyIndexPart part;
  part.name = key.substr(0, key.size() - kSuffix.size());
  try {
    const Json json = Json::parse(text);
    if (json.at("format_version").get<int>() != kFormat) {
      return Damaged(store, key, "has a format version this program does not know");
    }
    json.at("keys").get_to(part.keys);
    FromJson(json.at("file"), &part.file);
  } catch (const Json::exception&) {
    return Damaged(store, key, "is no part of an index");
  }
  return part;
}

class PartKeys : public SortedStream<KeyDigest> {
 public:
  PartKeys(io::Store& store, std::unique_ptr<ShardRows> rows, std::string path)
      : store_(store), rows_(std::move(rows)), path_(std::move(path)) {}

  Result<bool> Next(KeyDigest* value) override {
    while (batch_ == nullptr || next_ == batch_->num_rows()) {
      ARROW_ASSIGN_OR_RAISE(batch_, rows_->Next());
      next_ = 0;
      if (batch_ == nullptr) return false;
      if (batch_->column(0)->type()->id() != arrow::Type::FIXED_SIZE_BINARY ||
          batch_->column(0)->type()->byte_width() != kDigestBytes) {
        return Damaged(store_, path_, "holds no digests");
      }
    }
    const auto& digests = static_cast<const arrow::FixedSizeBinaryArray&>(*batch_->column(0));
    uint64_t parts[2];
    std::memcpy(parts, digests.GetValue(next_++), kDigestBytes);
    const KeyDigest digest{BigEndian(parts[0]), BigEndian(parts[1])};
    if (any_ && digest <= last_) return Damaged(store_, path_, "is not sorted");
    any_ = true;
    *value = last_ = digest;
    return true;
  }

 private:
  io::Store& store_;
  std::unique_ptr<ShardRows> rows_;
  std::string path_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  int64_t next_ = 0;
  bool any_ = false;
  KeyDigest last_;
};

class Writer : public KeyIndexWriter {
 public:
  Writer(std::string keys, std::string name, std::unique_ptr<io::ShardWriter> file)
      : keys_(std::move(keys)), name_(std::move(name)), file_(std::move(file)) {}

  Status Add(const KeyDigest& digest) override {
    const uint64_t parts[2] = {BigEndian(digest.high), BigEndian(digest.low)};
    ARROW_RETURN_NOT_OK(digests_.Append(reinterpret_cast<const uint8_t*>(parts)));
    return digests_.length() == kRowsPerBatch ? Flush() : Status::OK();
  }

  Result<KeyIndexPart> Finish() override {
    ARROW_RETURN_NOT_OK(Flush());
    KeyIndexPart part;
    part.name = name_;
    part.keys = keys_;
    ARROW_ASSIGN_OR_RAISE(part.file, file_->Finish());
    return part;
  }

 private:
  Status Flush() {
    const int64_t rows = digests_.length();
    if (rows == 0) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(auto column, digests_.Finish());
    return file_->Write(arrow::RecordBatch::Make(IndexSchema(), rows, {std::move(column)}));
  }

  std::string keys_, name_;
  std::unique_ptr<io::ShardWriter> file_;
  arrow::FixedSizeBinaryBuilder digests_{arrow::fixed_size_binary(kDigestBytes)};
};

}  // namespace

Result<std::vector<KeyIndexPart>> ReadKeyIndex(io::Store& store, const std::string& keys,
                                               const std::string& except) {
  ARROW_ASSIGN_OR_RAISE(const auto files, store.List(""));
  std::vector<KeyIndexPart> parts;
  for (const io::FileInfo& file : files) {
    const bool is_part =
        file.key.size() > kSuffix.size() &&
        file.key.compare(file.key.size() - kSuffix.size(), kSuffix.size(), kSuffix) == 0 &&
        !io::IsTemporaryKey(file.key);
    if (!is_part || file.key == except + std::string(kSuffix)) continue;
    ARROW_ASSIGN_OR_RAISE(const std::string text, store.ReadSmall(file.key));
    ARROW_ASSIGN_OR_RAISE(KeyIndexPart part, PartFromJson(store, file.key, text));
    if (part.keys != keys) {
      return MakeError(
          ErrorCode::kUsage,
          store.Describe() + '/' + file.key + " holds digests of " + part.keys + ", not of " + keys,
          "give each kind of key an index of its own");
    }
    ARROW_ASSIGN_OR_RAISE(const bool there, store.Exists(part.file.path));
    if (!there) return Damaged(store, part.file.path, "is missing");
    ARROW_ASSIGN_OR_RAISE(const io::FileInfo info, store.Stat(part.file.path));
    ARROW_ASSIGN_OR_RAISE(const std::string sha256, HashOf(store, part.file.path));
    if (info.bytes != part.file.bytes || sha256 != part.file.sha256) {
      return Damaged(store, part.file.path, "has other bytes than were put there");
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

StreamOpener<KeyDigest> KeysOf(io::Store& store, const KeyIndexPart& part) {
  return [&store, file = part.file]() -> Result<std::unique_ptr<SortedStream<KeyDigest>>> {
    ARROW_ASSIGN_OR_RAISE(auto rows, ShardRows::Open(store, file, {kColumn}));
    return std::make_unique<PartKeys>(store, std::move(rows), file.path);
  };
}

Result<std::unique_ptr<KeyIndexWriter>> KeyIndexWriter::Open(io::Store& store,
                                                             const std::string& keys,
                                                             const std::string& name) {
  io::ShardWriterOptions options;
  options.rows_per_row_group = 65536;
  ARROW_ASSIGN_OR_RAISE(auto file,
                        io::OpenShardWriter(store, name, IndexSchema(), options, nullptr));
  return std::make_unique<Writer>(keys, name, std::move(file));
}

Status PutKeyIndexPart(io::Store& store, const KeyIndexPart& part) {
  const std::string key = part.name + std::string(kSuffix), text = PartToJson(part);
  ARROW_ASSIGN_OR_RAISE(const bool there, store.Exists(key));
  std::string replaced;
  if (there) {
    ARROW_ASSIGN_OR_RAISE(const std::string before, store.ReadSmall(key));
    if (before == text) return Status::OK();
    // One that cannot be read names nothing that could be let go of.
    const auto old = PartFromJson(store, key, before);
    if (old.ok() && old->file.path != part.file.path) replaced = old->file.path;
  }
  ARROW_RETURN_NOT_OK(store.Replace(key, text));
  return replaced.empty() ? Status::OK() : store.Remove(replaced);
}

}  // namespace millrace::stage
