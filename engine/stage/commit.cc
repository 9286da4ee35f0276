#include "stage/commit.h"

#include "stage/commit_record_json.h"
#include "stage/manifest_json.h"

namespace millrace::stage {

std::string CommitPath(const std::string& split_id) { return "commits/" + split_id + ".json"; }

Result<bool> IsThere(const StageStore& stage, const io::DataFile& file) {
  ARROW_ASSIGN_OR_RAISE(const auto bytes, stage.BytesOf(file.path));
  return bytes && *bytes == file.bytes;
}

Result<std::optional<CommitRecord>> ValidCommit(const StageStore& stage,
                                                const std::string& split_id) {
  const std::string path = CommitPath(split_id), key = stage.Key(path);
  ARROW_ASSIGN_OR_RAISE(const auto bytes, stage.BytesOf(path));
  if (!bytes) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(const std::string text, stage.store().ReadSmall(key));
  ARROW_ASSIGN_OR_RAISE(CommitRecord record, CommitRecordFromJson(text, key));
  std::vector<io::DataFile> files = record.reject_files;
  for (const Shard& shard : record.shards) files.push_back(shard.data);
  for (const KeySummary& summary : record.keys) files.push_back(summary.file);
  if (!record.profile.path.empty()) files.push_back(record.profile);
  for (const io::DataFile& file : files) {
    ARROW_ASSIGN_OR_RAISE(const bool there, IsThere(stage, file));
    if (!there) return std::nullopt;  // made anew below its old name: equal content, equal name
  }
  return record;
}

Status NotSeen(const StageStore& stage, const UnitCall& call, const std::string& id) {
  return MakeError(ErrorCode::kWorkspaceDamaged,
                   "a worker has committed " + call.name + " as " + stage.Key(CommitPath(id)) +
                       ", and the driver does not find that in " + stage.store().Describe(),
                   "all workers must see the driver's workspace under its path or URL");
}

Status PutCommit(const StageStore& stage, const CommitRecord& record) {
  const std::string text = CommitRecordToJson(record), key = stage.Key(CommitPath(record.split_id));
  ARROW_ASSIGN_OR_RAISE(const io::PutResult put, stage.store().PutIfAbsent(key, text));
  if (put == io::PutResult::kExists) {
    // Another driver was faster, or files of a record had been lost and are back now. Either way
    // the same work must have given the same record.
    ARROW_ASSIGN_OR_RAISE(const std::string theirs, stage.store().ReadSmall(key));
    if (theirs != text) {
      return MakeError(ErrorCode::kWorkspaceDamaged,
                       "split " + record.split_name + " was committed with other results",
                       "remove " + key + " from the workspace and run again");
    }
  }
  return Status::OK();
}

Status PutManifest(const StageStore& stage, const std::string& path, const Manifest& manifest) {
  const std::string text = ManifestToJson(manifest), key = stage.Key(path);
  ARROW_ASSIGN_OR_RAISE(const bool exists, stage.store().Exists(key));
  if (exists) {
    ARROW_ASSIGN_OR_RAISE(const std::string before, stage.store().ReadSmall(key));
    if (before == text) return Status::OK();
  }
  return stage.store().Replace(key, text);
}

}  // namespace millrace::stage
