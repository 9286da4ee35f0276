#include "pipeline/unit_order.h"

#include <nlohmann/json.hpp>

namespace millrace::pipeline {
namespace {

using Json = nlohmann::json;

std::string Text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json ToJson(const Diagnostic& d) {
  return {{"code", static_cast<int>(d.code)},
          {"message", d.message},
          {"suggestion", d.suggestion},
          {"file", d.span.file},
          {"line", d.span.line},
          {"column", d.span.column},
          {"length", d.span.length},
          {"source_line", d.source_line}};
}

Diagnostic DiagnosticOf(const Json& json) {
  Diagnostic d;
  d.code = static_cast<ErrorCode>(json.at("code").get<int>());
  json.at("message").get_to(d.message);
  json.at("suggestion").get_to(d.suggestion);
  json.at("file").get_to(d.span.file);
  json.at("line").get_to(d.span.line);
  json.at("column").get_to(d.span.column);
  json.at("length").get_to(d.span.length);
  json.at("source_line").get_to(d.source_line);
  return d;
}

}  // namespace

std::string UnitToJson(const UnitHead& head, const stage::UnitCall& call) {
  return Text({{"plan_id", head.plan_id},
               {"engine_version", head.engine_version},
               {"code_version", head.code_version},
               {"ingest_folder", head.ingest_folder},
               {"snapshots", head.snapshots},
               {"folders", head.folders},
               {"call", stage::UnitCallToJson(call)}});
}

Status UnitFromJson(const std::string& text, UnitHead* head, stage::UnitCall* call) {
  std::string inner;
  try {
    const Json json = Json::parse(text);
    json.at("plan_id").get_to(head->plan_id);
    json.at("engine_version").get_to(head->engine_version);
    json.at("code_version").get_to(head->code_version);
    json.at("ingest_folder").get_to(head->ingest_folder);
    json.at("snapshots").get_to(head->snapshots);
    json.at("folders").get_to(head->folders);
    json.at("call").get_to(inner);
  } catch (const Json::exception& error) {
    return MakeError(ErrorCode::kUsage, std::string("not a unit of work: ") + error.what());
  }
  return stage::UnitCallFromJson(inner).Value(call);
}

std::string ReplyToJson(const Result<std::string>& commit) {
  if (commit.ok()) return Text({{"commit", *commit}});
  if (commit.status().IsCancelled()) return Text({{"cancelled", commit.status().message()}});
  Json errors = Json::array();
  for (const Diagnostic& d : DiagnosticsOf(commit.status())) errors.push_back(ToJson(d));
  return Text({{"errors", std::move(errors)}});
}

Result<std::string> CommitOfReply(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    if (json.contains("commit")) return json.at("commit").get<std::string>();
    if (json.contains("cancelled")) {
      return Status::Cancelled(json.at("cancelled").get<std::string>());
    }
    std::vector<Diagnostic> diagnostics;
    for (const Json& item : json.at("errors")) {
      Diagnostic d = DiagnosticOf(item);
      // What the engine suggests is true of the process that has looked.
      if (d.code == ErrorCode::kUnresolvedReference) {
        d.suggestion = "a worker has looked for it: it must be there where the workers run";
      }
      diagnostics.push_back(std::move(d));
    }
    if (!diagnostics.empty()) return MakeError(std::move(diagnostics));
  } catch (const Json::exception&) {
  }
  return MakeError(ErrorCode::kBug, "a worker has replied with something else: " + text);
}

}  // namespace millrace::pipeline
