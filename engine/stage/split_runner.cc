#include "stage/split_runner.h"

#include <optional>

#include "stage/commit.h"
#include "stage/file_chunks.h"
#include "stage/identity.h"
#include "stage/split_sink.h"

namespace millrace::stage {
namespace {

void ReportBytes(const StageContext& stage, const Split& split, const source::OpenedFile& file,
                 int64_t* reported) {
  if (stage.run.progress == nullptr || !file.raw_bytes_read) return;
  const int64_t bytes = split.row_group_begin < 0 ? file.raw_bytes_read() : split.bytes;
  stage.run.progress->bytes_read += bytes - *reported;
  *reported = bytes;
}

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
  sink.BeginFile(file, *opened.reader);
  int64_t reported = 0;
  FileChunkLimits limits;
  limits.in_flight_bytes = stage.memory.in_flight_bytes;
  limits.stopped = [&] { return stage.cancelled() || stop; };
  limits.on_cut = [&] { ReportBytes(stage, split, opened, &reported); };
  FileChunks chunks(*opened.reader, *binding, stage.TableOf(split), split, stage.pool, limits);
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(std::optional<ParsedChunk> chunk, chunks.Next());
    if (!chunk) break;
    ARROW_RETURN_NOT_OK(sink.Add(*std::move(chunk)));
  }
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
