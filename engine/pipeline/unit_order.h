// A unit of work on its way to another process and the reply on its way back, as texts.
#pragma once

#include <map>
#include <string>

#include "base/status.h"
#include "stage/unit_call.h"

namespace millrace::pipeline {

/// What a worker must come to by itself, and what only the driver knows.
struct UnitHead {
  std::string plan_id, engine_version, code_version;
  std::string ingest_folder;                     // in the workspace
  std::map<std::string, std::string> snapshots;  // of sources behind an API, by their names
  std::map<std::string, std::string> folders;    // of stages behind ingest, up to the unit's own
  bool operator==(const UnitHead& other) const = default;
};

std::string UnitToJson(const UnitHead& head, const stage::UnitCall& call);
/// Usage when it is none.
Status UnitFromJson(const std::string& text, UnitHead* head, stage::UnitCall* call);

/// `commit`: the id of what the unit left, or why it could not be done.
std::string ReplyToJson(const Result<std::string>& commit);
/// The error as it was, with its codes and places.
Result<std::string> CommitOfReply(const std::string& text);

}  // namespace millrace::pipeline
