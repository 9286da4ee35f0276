#include "stage/unit_call.h"

#include <array>
#include <nlohmann/json.hpp>

namespace millrace::stage {
namespace {

constexpr std::array<const char*, 6> kKinds = {"ingest", "measure",   "summarise",
                                               "apply",  "partition", "join"};

}  // namespace

std::string UnitCallToJson(const UnitCall& call) {
  const nlohmann::json json = {{"kind", kKinds.at(static_cast<size_t>(call.kind))},
                               {"stage", call.stage},
                               {"folder", call.folder},
                               {"index", call.index},
                               {"name", call.name},
                               {"id", call.id},
                               {"instance", call.instance},
                               {"decisions", call.decisions},
                               {"detail", call.detail}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<UnitCall> UnitCallFromJson(const std::string& text) {
  try {
    const auto json = nlohmann::json::parse(text);
    UnitCall call;
    const auto kind = json.at("kind").get<std::string>();
    size_t at = 0;
    while (at < kKinds.size() && kind != kKinds[at]) ++at;
    if (at == kKinds.size()) {
      return MakeError(ErrorCode::kUsage, "a unit of work of the unknown kind `" + kind + "`",
                       "driver and workers must run the same version of millrace");
    }
    call.kind = static_cast<UnitKind>(at);
    json.at("stage").get_to(call.stage);
    json.at("folder").get_to(call.folder);
    json.at("index").get_to(call.index);
    json.at("name").get_to(call.name);
    json.at("id").get_to(call.id);
    json.at("instance").get_to(call.instance);
    json.at("decisions").get_to(call.decisions);
    json.at("detail").get_to(call.detail);
    return call;
  } catch (const nlohmann::json::exception& error) {
    return MakeError(ErrorCode::kUsage, std::string("not a unit of work: ") + error.what());
  }
}

Status OtherPlan(const UnitCall& call, const std::string& found) {
  return MakeError(
      ErrorCode::kUsage,
      "the worker plans stage `" + call.stage + "` otherwise than the driver: " + found,
      "driver and workers need the same version of millrace, and must see the same "
      "inputs, models and environment variables");
}

Status CheckFolder(const UnitCall& call, const std::string& folder) {
  if (call.folder == folder) return Status::OK();
  return OtherPlan(call, "it commits to " + folder + ", the driver to " + call.folder);
}

}  // namespace millrace::stage
