#include "source/rest/page_record.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "io/http/url.h"
#include "source/rest/page_record_json.h"
#include "source/rest/rest_errors.h"

namespace millrace::source::rest {
namespace {

using Json = nlohmann::json;

constexpr size_t kKeyBytesMax = 120;

Json StepToJson(const PageStep& step) {
  Json json = {{"params", step.params}};
  if (!step.url.empty()) json["url"] = step.url;
  if (!step.body.empty()) json["body"] = step.body;
  return json;
}

PageStep StepFromJson(const Json& json) {
  PageStep step;
  step.url = json.value("url", "");
  json.at("params").get_to(step.params);
  if (json.contains("body")) json.at("body").get_to(step.body);
  return step;
}

}  // namespace

std::string PartitionKey(const std::string& value) {
  std::string key = io::http::PercentEncode(value);
  if (!key.empty() && key[0] == '.') key = "%2E" + key.substr(1);
  if (key.size() <= kKeyBytesMax) return key;
  // A cut in the middle of a %XX does no harm: the hash tells the keys apart.
  return key.substr(0, kKeyBytesMax - 25) + "~" + Sha256Hex(value).substr(0, 24);
}

std::string PagePath(const PageRecord& page) {
  char number[24];
  std::snprintf(number, sizeof number, "%07lld", static_cast<long long>(page.page));
  return page.partition + '/' + number;
}

Json PageRecordToJson(const PageRecord& page) {
  Json json = {{"partition", page.partition},
               {"page", page.page},
               {"request", {{"method", page.method}, {"url", page.url}}},
               {"asked", StepToJson(page.asked)},
               {"status", page.status},
               {"headers", page.headers},
               {"sha256", page.body_sha256},
               {"bytes", page.body_bytes},
               {"records", page.records},
               {"next", page.next ? StepToJson(*page.next) : Json()}};
  if (page.of_parent) json["of_parent"] = true;
  if (page.ignored) json["ignored"] = true;
  if (page.total) json["total"] = *page.total;
  if (!page.cursor.empty()) json["cursor"] = page.cursor;
  if (!page.carried.empty()) json["carried"] = page.carried;
  return json;
}

Result<std::string> PageRecordText(const PageRecord& page) {
  try {
    Json json = PageRecordToJson(page);
    if (!page.content_sha256.empty()) json["content"] = page.content_sha256;
    return json.dump() + '\n';
  } catch (const Json::exception&) {
    return MakeError(kBadPage,
                     "the answer's cursor, link or key, or what children carry of it, is no UTF-8");
  }
}

std::string AsUtf8(const std::string& text) {
  const std::string json = Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  return Json::parse(json).get<std::string>();
}

PageRecord PageRecordFromJson(const Json& json) {
  PageRecord page;
  json.at("partition").get_to(page.partition);
  json.at("page").get_to(page.page);
  json.at("request").at("method").get_to(page.method);
  json.at("request").at("url").get_to(page.url);
  page.asked = StepFromJson(json.at("asked"));
  json.at("status").get_to(page.status);
  json.at("headers").get_to(page.headers);
  json.at("sha256").get_to(page.body_sha256);
  json.at("bytes").get_to(page.body_bytes);
  json.at("records").get_to(page.records);
  if (!json.at("next").is_null()) page.next = StepFromJson(json.at("next"));
  page.of_parent = json.value("of_parent", false);
  page.ignored = json.value("ignored", false);
  if (json.contains("total")) page.total = json.at("total").get<int64_t>();
  page.cursor = json.value("cursor", "");
  page.content_sha256 = json.value("content", "");
  if (json.contains("carried")) json.at("carried").get_to(page.carried);
  return page;
}

}  // namespace millrace::source::rest
