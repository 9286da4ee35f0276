#include "pipeline/trial/unique_keys.h"

#include "io/object/scratch_space.h"
#include "io/store.h"
#include "stage/duplicates.h"
#include "stage/key_summary.h"

namespace millrace::pipeline {
namespace {

constexpr int64_t kMergeBytes = 64 << 20;

class Keys : public UniqueKeys {
 public:
  Status Start(const std::vector<std::string>& columns) {
    ARROW_ASSIGN_OR_RAISE(scratch_, io::ScratchSpace::Temporary());
    for (size_t i = 0; i < columns.size(); ++i) {
      ARROW_ASSIGN_OR_RAISE(
          writers_.emplace_back(),
          stage::KeySummaryWriter::Open(scratch_->store(), "keys/" + std::to_string(i), nullptr));
      record_.keys.push_back({columns[i], {}});
    }
    return Status::OK();
  }

  Status Add(const stage::ParsedChunk& chunk, int64_t first_position) override {
    for (size_t i = 0; i < writers_.size(); ++i) {
      for (const stage::KeyOfRow& key : chunk.keys[i]) {
        const int64_t record = chunk.record_of_row[static_cast<size_t>(key.row)];
        ARROW_RETURN_NOT_OK(writers_[i]->Add(key.digest, first_position + record));
      }
    }
    return Status::OK();
  }

  Status Finish(const std::function<void(int64_t, size_t, int64_t)>& visit) override {
    for (size_t i = 0; i < writers_.size(); ++i) {
      ARROW_ASSIGN_OR_RAISE(record_.keys[i].file, writers_[i]->Finish());
    }
    io::Store& store = scratch_->store();
    stage::SpillFolder spill(store, "spill");
    ARROW_ASSIGN_OR_RAISE(
        auto duplicates,
        stage::FindDuplicates(
            store, spill, {&record_}, [](const std::string& path) { return path; }, kMergeBytes));
    int64_t last = -1;
    for (stage::Duplicate duplicate;;) {
      ARROW_ASSIGN_OR_RAISE(const bool more, duplicates->Next(&duplicate));
      if (!more) return Status::OK();
      if (duplicate.position == last) continue;
      last = duplicate.position;
      visit(duplicate.position, static_cast<size_t>(duplicate.column), duplicate.first_position);
    }
  }

 private:
  std::unique_ptr<io::ScratchSpace> scratch_;
  std::vector<std::unique_ptr<stage::KeySummaryWriter>> writers_;
  stage::CommitRecord record_;
};

}  // namespace

Result<std::unique_ptr<UniqueKeys>> UniqueKeys::Open(const std::vector<std::string>& columns) {
  auto keys = std::make_unique<Keys>();
  ARROW_RETURN_NOT_OK(keys->Start(columns));
  return std::unique_ptr<UniqueKeys>(std::move(keys));
}

}  // namespace millrace::pipeline
