#include "stage/split_runner.h"

#include <optional>

#include "stage/chunk_task.h"
#include "stage/commit.h"
#include "stage/identity.h"
#include "stage/ordered_tasks.h"
#include "stage/split_sink.h"

namespace millrace::stage {
namespace {

// Before the first chunk is parsed: how much memory a byte of text is taken to need, and a chunk
// without bytes (Parquet).
constexpr int64_t kCostPerTextByte = 5;
constexpr int64_t kCostOfTypedChunk = 8 << 20;
constexpr int64_t kCostPerTypedByte = 2;  // as decoded and as cast

/// One file's chunks through the pool, in order, with the bytes in flight bounded.
class FilePipeline {
 public:
  FilePipeline(const StageContext& stage, const Split& split, const std::atomic<bool>& stop,
               const source::OpenedFile& file, const contract::Binding& binding, SplitSink& sink)
      : stage_(stage),
        split_(split),
        stop_(stop),
        file_(file),
        binding_(binding),
        sink_(sink),
        tasks_(stage.pool) {}

  Status Run() {
    for (;;) {
      if (stage_.cancelled() || stop_) return Status::Cancelled("cancelled; running again resumes");
      const bool fits = tasks_.cost() + NextCost() <= stage_.memory.in_flight_bytes;
      if (!at_end_ && (tasks_.empty() || fits)) {
        ARROW_RETURN_NOT_OK(CutChunk());
        continue;
      }
      if (tasks_.empty()) break;
      ARROW_RETURN_NOT_OK(SinkFront());
    }
    return cut_error_;  // what came before it has been handed on: an error there would have come
                        // first
  }

 private:
  int64_t NextCost() const { return last_cost_ > 0 ? last_cost_ : kCostOfTypedChunk; }

  Status CutChunk() {
    Result<std::shared_ptr<io::Chunk>> next = file_.reader->Next();
    if (!next.ok() || *next == nullptr) {
      at_end_ = true;
      cut_error_ = next.status();
      return Status::OK();
    }
    ReportBytes();
    const std::shared_ptr<io::Chunk> chunk = *next;
    ARROW_RETURN_NOT_OK(CheckContinues(*chunk));
    if (split_.row_group_begin >= 0) {
      if (chunk->row_group < split_.row_group_begin) return Status::OK();
      if (chunk->row_group >= split_.row_group_end) {
        at_end_ = true;
        return Status::OK();
      }
    }
    last_cost_ = chunk->bytes ? chunk->bytes_size() * kCostPerTextByte : NextCost();
    tasks_.Add(last_cost_, [this, chunk] {
      return ParseChunk(*file_.reader, binding_, *chunk, stage_.TableOf(split_));
    });
    return Status::OK();
  }

  // Chunks of text must follow each other without a gap: every byte of the file is accounted for.
  Status CheckContinues(const io::Chunk& chunk) {
    if (!chunk.bytes) return Status::OK();
    const int64_t expected = next_offset_ < 0 ? file_.reader->header_bytes() : next_offset_;
    next_offset_ = chunk.byte_offset + chunk.bytes_size();
    if (chunk.byte_offset == expected) return Status::OK();
    return MakeError(ErrorCode::kRowEquation,
                     "a chunk begins at byte " + std::to_string(chunk.byte_offset) +
                         ", the one before it ended at " + std::to_string(expected));
  }

  Status SinkFront() {
    ARROW_ASSIGN_OR_RAISE(ParsedChunk parsed, tasks_.Take());
    if (next_offset_ < 0)
      last_cost_ = std::max(parsed.bytes * kCostPerTypedByte, int64_t{64} << 10);  // as measured
    return sink_.Add(std::move(parsed));
  }

  void ReportBytes() {
    if (stage_.run.progress == nullptr || !file_.raw_bytes_read) return;
    const int64_t bytes = split_.row_group_begin < 0 ? file_.raw_bytes_read() : split_.bytes;
    stage_.run.progress->bytes_read += bytes - reported_;
    reported_ = bytes;
  }

  const StageContext& stage_;
  const Split& split_;
  const std::atomic<bool>& stop_;
  const source::OpenedFile& file_;
  const contract::Binding& binding_;
  SplitSink& sink_;
  int64_t last_cost_ = 0, next_offset_ = -1, reported_ = 0;
  bool at_end_ = false;
  Status cut_error_;
  OrderedTasks<ParsedChunk> tasks_;  // last: they refer to the reader and the binding
};

Status RunFile(const StageContext& stage, const Split& split, const std::atomic<bool>& stop,
               const io::FileInfo& file, SplitSink& sink) {
  const source::FileSource& source = stage.SourceOf(split).files;
  ARROW_ASSIGN_OR_RAISE(
      const auto binding,
      stage.input.bind(stage.plan.contracts[stage.ContractOf(split)], source.name));
  ARROW_ASSIGN_OR_RAISE(source::OpenedFile opened,
                        split.row_group_begin > 0
                            ? stage.input.open(source::FromRowGroup(source, split.row_group_begin),
                                               file, binding->projection())
                            : stage.input.open(source, file, binding->projection()));
  ARROW_RETURN_NOT_OK(binding->BindFile(*opened.reader->file_schema()));
  sink.BeginFile(file);
  ARROW_RETURN_NOT_OK(FilePipeline(stage, split, stop, opened, *binding, sink).Run());
  std::string sha256;
  if (source::IsTyped(source.format)) {
    ARROW_ASSIGN_OR_RAISE(sha256,
                          stage.hashes.Of(source, file));  // once per run, not once per split
  } else {
    ARROW_ASSIGN_OR_RAISE(sha256, opened.content_sha256());
  }
  ARROW_RETURN_NOT_OK(stage.input.check_unchanged(source, file));
  stage.hashes.Learn(source, file, sha256);
  sink.EndFile(sha256, opened.reader->read_as());
  return Status::OK();
}

Result<CommitRecord> Execute(const StageContext& stage, const Split& split,
                             const std::atomic<bool>& stop) {
  const IngestSource& source = stage.SourceOf(split);
  SplitSink sink(stage, split);
  for (const int file : split.files) {
    ARROW_RETURN_NOT_OK(
        RunFile(stage, split, stop, source.files.files[static_cast<size_t>(file)], sink));
  }
  ARROW_ASSIGN_OR_RAISE(CommitRecord record, sink.Finish());
  std::vector<std::string> hashes;
  for (const InputFile& input : record.inputs) hashes.push_back(input.sha256);
  record.split_id = SplitId(stage.plan, split, hashes);
  return record;
}

Result<std::string> KnownSplitId(const StageContext& stage, const Split& split) {
  const source::FileSource& source = stage.SourceOf(split).files;
  std::vector<std::string> hashes;
  for (const int file : split.files) {
    ARROW_ASSIGN_OR_RAISE(hashes.emplace_back(),
                          stage.hashes.Of(source, source.files[static_cast<size_t>(file)]));
  }
  return SplitId(stage.plan, split, hashes);
}

Status NotCommitted(const StageContext& stage, const Split& split) {
  const source::FileSource& source = stage.SourceOf(split).files;
  std::string what = source.files[static_cast<size_t>(split.files.front())].key;
  if (split.files.size() > 1) {
    what += " or a file beside it (" + std::to_string(split.files.size()) + " are a split)";
  }
  return MakeError(
      ErrorCode::kNotCommitted,
      "stage `ingest` is not committed for the inputs as they are: " + what + " of `" +
          source.name + "` is to be read",
      "`millrace run` without --from does what is missing; `millrace plan` shows what that is");
}

// As ReadSplit, by another process.
Result<CommitRecord> HandOut(const StageContext& stage, const Split& split, size_t index,
                             const std::atomic<bool>& stop) {
  UnitCall call;
  call.stage = "ingest";
  call.folder = stage.place.folder();
  call.index = index;
  call.name = SplitName(stage.plan, split);
  ARROW_ASSIGN_OR_RAISE(const std::string id, stage.run.perform(call, stop));
  ARROW_ASSIGN_OR_RAISE(auto record, ValidCommit(stage.place, id));
  const source::FileSource& source = stage.SourceOf(split).files;
  if (!record || record->split_name != call.name || record->inputs.size() != split.files.size()) {
    return NotSeen(stage.place, call, id);
  }
  for (size_t i = 0; i < split.files.size(); ++i) {
    const io::FileInfo& file = source.files[static_cast<size_t>(split.files[i])];
    ARROW_RETURN_NOT_OK(stage.input.check_unchanged(source, file));
    stage.hashes.Learn(source, file, record->inputs[i].sha256);
  }
  return *std::move(record);
}

}  // namespace

Result<CommitRecord> ReadSplit(const StageContext& stage, const Split& split,
                               const std::atomic<bool>& stop) {
  ARROW_ASSIGN_OR_RAISE(CommitRecord record, Execute(stage, split, stop));
  ARROW_RETURN_NOT_OK(PutCommit(stage.place, record));
  return record;
}

Result<SplitResult> RunSplit(const StageContext& stage, const Split& split, size_t index,
                             const std::atomic<bool>& stop) {
  if (stage.resumes) {
    ARROW_ASSIGN_OR_RAISE(const std::string split_id, KnownSplitId(stage, split));
    ARROW_ASSIGN_OR_RAISE(auto committed, ValidCommit(stage.place, split_id));
    if (committed) return SplitResult{*std::move(committed), true, false};
  }
  if (stage.run.only_committed) return NotCommitted(stage, split);
  SplitResult result;
  if (stage.run.perform) {
    result.elsewhere = true;
    ARROW_ASSIGN_OR_RAISE(result.record, HandOut(stage, split, index, stop));
  } else {
    ARROW_ASSIGN_OR_RAISE(result.record, ReadSplit(stage, split, stop));
  }
  ARROW_RETURN_NOT_OK(stage.hashes.Save(/*if_worthwhile=*/true));
  return result;
}

}  // namespace millrace::stage
