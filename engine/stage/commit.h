// What commits: the record of a split, put if absent (what has no record has not happened), and the
// manifest of a finished stage.
// Thread-safety: any thread.
#pragma once

#include <optional>
#include <string>

#include "stage/commit_record.h"
#include "stage/stage_store.h"
#include "stage/unit_call.h"

namespace millrace::stage {

/// "commits/<split id>.json" below the stage's folder.
std::string CommitPath(const std::string& split_id);

/// The record when it is there and every file it names has its size.
Result<std::optional<CommitRecord>> ValidCommit(const StageStore& stage,
                                                const std::string& split_id);

/// What to say when another process has done a unit, and its commit is not to be seen here.
Status NotSeen(const StageStore& stage, const UnitCall& call, const std::string& id);

/// REQUIRES: the files of the record are durable. WorkspaceDamaged when another record is there.
Status PutCommit(const StageStore& stage, const CommitRecord& record);

/// The manifest of the stage under `path`; nothing is written where it stands already.
Status PutManifest(const StageStore& stage, const std::string& path, const Manifest& manifest);

/// True when the file is there with its size; whether its bytes are right is for `verify`.
Result<bool> IsThere(const StageStore& stage, const io::DataFile& file);

}  // namespace millrace::stage
