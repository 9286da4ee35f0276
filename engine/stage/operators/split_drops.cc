#include "stage/operators/split_drops.h"

#include <arrow/io/file.h>

#include <algorithm>

namespace millrace::stage {
namespace {

using Json = nlohmann::json;

class CutDrops : public SplitDrops {
 public:
  explicit CutDrops(int64_t cut) : cut_(cut) {}
  Result<op::GlobalDrops> Next(int64_t rows) override {
    op::GlobalDrops drops;
    if (cut_ != kNoPosition) drops.from = std::max<int64_t>(cut_ - base_, 0);
    base_ += rows;
    return drops;
  }

 private:
  int64_t cut_, base_ = 0;
};

class QuotaDrops : public SplitDrops {
 public:
  explicit QuotaDrops(std::vector<op::QuotaCut> cuts) : cuts_(std::move(cuts)) {}
  Result<op::GlobalDrops> Next(int64_t rows) override {
    op::GlobalDrops drops;
    drops.cuts = cuts_;
    for (op::QuotaCut& cut : drops.cuts) {
      if (cut.position != kNoPosition) cut.position -= base_;
    }
    base_ += rows;
    return drops;
  }

 private:
  std::vector<op::QuotaCut> cuts_;
  int64_t base_ = 0;
};

class ListDrops : public SplitDrops {
 public:
  /// `drops` null: there are none. `names` and `ids` null: nobody wants to know.
  ListDrops(std::unique_ptr<SpillReader> drops, std::unique_ptr<SpillReader> names,
            std::shared_ptr<arrow::io::RandomAccessFile> ids)
      : drops_(std::move(drops)), names_(std::move(names)), ids_(std::move(ids)) {}

  Result<op::GlobalDrops> Next(int64_t rows) override {
    op::GlobalDrops drops;
    if (!begun_) ARROW_RETURN_NOT_OK(Advance());
    while (more_ && drop_.position < base_ + rows) {
      drops.positions.push_back(drop_.position - base_);
      if (names_ != nullptr) {
        ARROW_ASSIGN_OR_RAISE(drops.thresholds.emplace_back(), NextName());
      }
      if (drop_.measured >= 0) drops.values.push_back(std::to_string(drop_.measured));
      ARROW_RETURN_NOT_OK(Advance());
    }
    base_ += rows;
    return drops;
  }

 private:
  Status Advance() {
    begun_ = true;
    if (drops_ == nullptr) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(more_, drops_->Read(&drop_, sizeof drop_));
    return Status::OK();
  }

  Result<std::string> NextName() {
    NamedEntry entry;
    ARROW_ASSIGN_OR_RAISE(const bool more, names_->Read(&entry, sizeof entry));
    std::string id(more ? static_cast<size_t>(entry.id_bytes) : 0, 0);
    int64_t read = -1;
    if (more && entry.position == drop_.position) {
      ARROW_ASSIGN_OR_RAISE(read, ids_->ReadAt(entry.id_offset, entry.id_bytes, id.data()));
    }
    if (read == entry.id_bytes) return id;
    return MakeError(ErrorCode::kWorkspaceDamaged, "a spilled file of row ids was cut");
  }

  std::unique_ptr<SpillReader> drops_, names_;
  std::shared_ptr<arrow::io::RandomAccessFile> ids_;
  RowDrop drop_;
  int64_t base_ = 0;
  bool begun_ = false, more_ = false;
};

/// A decision as far as it is about one split, whatever its index.
class ToldDecision : public GlobalDecision {
 public:
  ToldDecision(Json told, io::Store& store) : told_(std::move(told)), store_(store) {}
  std::string MaskOf(size_t) const override { return told_.at("mask").get<std::string>(); }
  Json Told(size_t) const override { return told_; }
  Result<std::unique_ptr<SplitDrops>> Open(size_t) const override {
    if (told_.contains("from")) return DropFrom(told_.at("from").get<int64_t>());
    if (told_.contains("cuts")) {
      std::vector<op::QuotaCut> cuts;
      for (const Json& cut : told_.at("cuts")) {
        cuts.push_back({cut.at(0).get<uint64_t>(), cut.at(1).get<int64_t>()});
      }
      return DropByCuts(std::move(cuts));
    }
    ListedDrops drops;
    drops.rows = File("rows_of");
    drops.names = File("names");
    drops.ids = File("ids");
    told_.at("begin").get_to(drops.begin);
    told_.at("rows").get_to(drops.count);
    drops.names_begin = told_.value("names_begin", int64_t{0});
    return DropListed(drops);
  }

 private:
  std::shared_ptr<SpillFile> File(const char* name) const {
    const auto key = told_.value(name, std::string());
    if (key.empty()) return nullptr;
    return std::make_shared<SpillFile>(store_, key, /*removes=*/false);
  }

  Json told_;
  io::Store& store_;
};

// One id is read after another, from all over the file: on a disk it is mapped.
Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenIds(const SpillFile& file) {
  const std::string path = file.store().LocalPath(file.key());
  if (path.empty()) return file.store().OpenForRead(file.key());
  ARROW_ASSIGN_OR_RAISE(auto mapped,
                        arrow::io::MemoryMappedFile::Open(path, arrow::io::FileMode::READ));
  return mapped;
}

}  // namespace

std::unique_ptr<SplitDrops> DropFrom(int64_t position) {
  return std::make_unique<CutDrops>(position);
}

std::unique_ptr<SplitDrops> DropByCuts(std::vector<op::QuotaCut> cuts) {
  return std::make_unique<QuotaDrops>(std::move(cuts));
}

Result<std::unique_ptr<SplitDrops>> DropListed(const ListedDrops& drops) {
  if (drops.count == 0) return std::make_unique<ListDrops>(nullptr, nullptr, nullptr);
  ARROW_ASSIGN_OR_RAISE(auto rows, ReadDrops(drops));
  std::unique_ptr<SpillReader> names;
  std::shared_ptr<arrow::io::RandomAccessFile> ids;
  if (drops.names != nullptr) {
    constexpr auto kBytes = static_cast<int64_t>(sizeof(NamedEntry));
    ARROW_ASSIGN_OR_RAISE(
        names, SpillReader::Open(drops.names, drops.names_begin * kBytes, drops.count * kBytes));
    ARROW_ASSIGN_OR_RAISE(ids, OpenIds(*drops.ids));
  }
  return std::make_unique<ListDrops>(std::move(rows), std::move(names), std::move(ids));
}

Result<std::unique_ptr<SpillReader>> ReadDrops(const ListedDrops& drops) {
  constexpr auto kBytes = static_cast<int64_t>(sizeof(RowDrop));
  return SpillReader::Open(drops.rows, drops.begin * kBytes, drops.count * kBytes);
}

Json ToldFrom(int64_t position) { return {{"from", position}}; }

Json ToldCuts(const std::vector<op::QuotaCut>& cuts) {
  Json list = Json::array();
  for (const op::QuotaCut& cut : cuts) list.push_back(Json::array({cut.hash, cut.position}));
  return {{"cuts", std::move(list)}};
}

Json ToldListed(const ListedDrops& drops) {
  Json told = {{"begin", drops.begin}, {"rows", drops.count}};
  if (drops.count == 0) return told;
  told["rows_of"] = drops.rows->key();
  if (drops.names == nullptr) return told;
  told["names"] = drops.names->key();
  told["names_begin"] = drops.names_begin;
  told["ids"] = drops.ids->key();
  return told;
}

Result<std::unique_ptr<GlobalDecision>> DecisionFromTold(const std::string& text,
                                                         io::Store& store) {
  Json told = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const bool is_one = told.is_object() && told.contains("mask") &&
                      (told.contains("from") || told.contains("cuts") ||
                       (told.contains("begin") && told.contains("rows")));
  if (!is_one) return MakeError(ErrorCode::kUsage, "not what was decided of a split: " + text);
  return std::make_unique<ToldDecision>(std::move(told), store);
}

}  // namespace millrace::stage
