// Page records as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "source/rest/page_record.h"

namespace millrace::source::rest {

nlohmann::json PageRecordToJson(const PageRecord& page);
/// Throws nlohmann::json::exception when it is not one.
PageRecord PageRecordFromJson(const nlohmann::json& json);

}  // namespace millrace::source::rest
