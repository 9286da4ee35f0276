// Commit records as JSON: equal records have equal bytes.
#pragma once

#include <string>

#include "base/status.h"
#include "stage/commit_record.h"

namespace millrace::stage {

std::string CommitRecordToJson(const CommitRecord& record);
/// WorkspaceDamaged when the text is no commit record of this version; `what` names it in messages.
Result<CommitRecord> CommitRecordFromJson(const std::string& text, const std::string& what);

std::string MaskRecordToJson(const MaskRecord& record);
Result<MaskRecord> MaskRecordFromJson(const std::string& text, const std::string& what);

}  // namespace millrace::stage
