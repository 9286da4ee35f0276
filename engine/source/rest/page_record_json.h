// Page records as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "source/rest/page_record.h"

namespace millrace::source::rest {

nlohmann::json PageRecordToJson(const PageRecord& page);
/// The text of that. BadPage where an answer gave something to remember that is no UTF-8: a cursor,
/// a link, a member that children carry.
Result<std::string> PageRecordText(const PageRecord& page);
/// A header as it may be kept: what is no UTF-8 is replaced.
std::string AsUtf8(const std::string& text);
/// Throws nlohmann::json::exception when it is not one.
PageRecord PageRecordFromJson(const nlohmann::json& json);

}  // namespace millrace::source::rest
