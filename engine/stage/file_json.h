// JSON of the value types that commit records and manifests share.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/status.h"
#include "stage/manifest.h"

namespace millrace::stage {

using Json = nlohmann::json;  // sorts keys: equal values have equal texts

inline Json ToJson(const io::DataFile& file) {
  Json json = {
      {"path", file.path}, {"rows", file.rows}, {"bytes", file.bytes}, {"sha256", file.sha256}};
  if (!file.logical_sha256.empty()) json["logical_sha256"] = file.logical_sha256;
  if (file.is_reference()) json["referred_bytes"] = file.referred_bytes;
  return json;
}
inline void FromJson(const Json& json, io::DataFile* file) {
  json.at("path").get_to(file->path);
  json.at("rows").get_to(file->rows);
  json.at("bytes").get_to(file->bytes);
  json.at("sha256").get_to(file->sha256);
  file->logical_sha256 = json.value("logical_sha256", "");
  file->referred_bytes = json.value("referred_bytes", int64_t{0});
}

/// Null where the format says nothing.
inline Json ToJson(const io::ReadAs& read_as) {
  if (read_as == io::ReadAs()) return nullptr;
  Json json = {{"encoding", read_as.encoding}, {"confidence", read_as.confidence}};
  if (read_as.bom) json["bom"] = true;
  if (!read_as.declaration.empty()) json["declaration"] = read_as.declaration;
  return json;
}
inline void FromJson(const Json& json, io::ReadAs* read_as) {
  json.at("encoding").get_to(read_as->encoding);
  json.at("confidence").get_to(read_as->confidence);
  read_as->bom = json.value("bom", false);
  read_as->declaration = json.value("declaration", "");
}

inline Json ToJson(const InputFile& file) {
  Json json = {
      {"source", file.source}, {"path", file.path}, {"bytes", file.bytes}, {"sha256", file.sha256}};
  if (file.read_as != io::ReadAs()) json["read_as"] = ToJson(file.read_as);
  return json;
}
inline void FromJson(const Json& json, InputFile* file) {
  json.at("source").get_to(file->source);
  json.at("path").get_to(file->path);
  json.at("bytes").get_to(file->bytes);
  json.at("sha256").get_to(file->sha256);
  if (json.contains("read_as")) FromJson(json.at("read_as"), &file->read_as);
}

inline Json ToJson(const RowEquation& rows) {
  return {{"read", rows.read},          {"derived", rows.derived},   {"repeated", rows.repeated},
          {"written", rows.written},    {"rejected", rows.rejected}, {"expanded", rows.expanded},
          {"not_drawn", rows.not_drawn}};
}
inline void FromJson(const Json& json, RowEquation* rows) {
  json.at("read").get_to(rows->read);
  json.at("derived").get_to(rows->derived);
  json.at("repeated").get_to(rows->repeated);
  json.at("written").get_to(rows->written);
  json.at("rejected").get_to(rows->rejected);
  json.at("expanded").get_to(rows->expanded);
  json.at("not_drawn").get_to(rows->not_drawn);
}

inline Json ToJson(const RejectCount& count) {
  return {{"source", count.source},
          {"instance", count.instance},
          {"rule", count.rule},
          {"column", count.column},
          {"rows", count.rows}};
}
inline void FromJson(const Json& json, RejectCount* count) {
  json.at("source").get_to(count->source);
  json.at("instance").get_to(count->instance);
  json.at("rule").get_to(count->rule);
  json.at("column").get_to(count->column);
  json.at("rows").get_to(count->rows);
}

inline Json ToJson(const NulledCount& count) {
  return {{"source", count.source},
          {"rule", count.rule},
          {"column", count.column},
          {"values", count.values}};
}
inline void FromJson(const Json& json, NulledCount* count) {
  json.at("source").get_to(count->source);
  json.at("rule").get_to(count->rule);
  json.at("column").get_to(count->column);
  json.at("values").get_to(count->values);
}

inline Json ToJson(const op::ValueHistogram& histogram) {
  Json bins = Json::array();
  for (const auto& [bound, rows] : histogram.Bins()) {
    bins.push_back({bound, rows.kept, rows.against});
  }
  const op::ValueHistogram::Rows& none = histogram.without_number();
  return {{"of", histogram.of()},
          {"bins", std::move(bins)},
          {"without_number", {none.kept, none.against}}};
}
inline void FromJson(const Json& json, op::ValueHistogram* histogram) {
  *histogram = op::ValueHistogram(json.at("of").get<std::string>());
  for (const Json& bin : json.at("bins")) {
    histogram->AddBin(bin.at(0), {bin.at(1), bin.at(2)});
  }
  const Json& none = json.at("without_number");
  histogram->AddWithoutNumber({none.at(0), none.at(1)});
}

inline Json ToJson(const InstanceCount& count) {
  Json json = {{"id", count.id},           {"type", count.type},       {"kind", count.kind},
               {"version", count.version}, {"reached", count.reached}, {"dropped", count.dropped},
               {"tagged", count.tagged},   {"refined", count.refined}, {"expanded", count.expanded},
               {"derived", count.derived}};
  if (!count.file_sha256.empty()) json["file_sha256"] = count.file_sha256;
  for (const auto& histogram : count.histograms) json["histograms"].push_back(ToJson(histogram));
  return json;
}
inline void FromJson(const Json& json, InstanceCount* count) {
  json.at("id").get_to(count->id);
  json.at("type").get_to(count->type);
  json.at("kind").get_to(count->kind);
  json.at("version").get_to(count->version);
  count->file_sha256 = json.value("file_sha256", "");
  json.at("reached").get_to(count->reached);
  json.at("dropped").get_to(count->dropped);
  json.at("tagged").get_to(count->tagged);
  json.at("refined").get_to(count->refined);
  json.at("expanded").get_to(count->expanded);
  json.at("derived").get_to(count->derived);
  if (!json.contains("histograms")) return;
  for (const Json& histogram : json.at("histograms")) {
    FromJson(histogram, &count->histograms.emplace_back());
  }
}

inline Json ToJson(const Amount& amount) {
  Json json = {{"rows", amount.rows}, {"bytes", amount.bytes}, {"tokens", amount.tokens}};
  if (amount.images > 0) json["images"] = amount.images;
  return json;
}
inline void FromJson(const Json& json, Amount* amount) {
  json.at("rows").get_to(amount->rows);
  json.at("bytes").get_to(amount->bytes);
  json.at("tokens").get_to(amount->tokens);
  amount->images = json.value("images", int64_t{0});
}

template <typename T>
Json ToJsonArray(const std::vector<T>& values) {
  Json json = Json::array();
  for (const T& value : values) json.push_back(ToJson(value));
  return json;
}
template <typename T>
void FromJsonArray(const Json& json, std::vector<T>* values) {
  for (const Json& value : json) FromJson(value, &values->emplace_back());
}

/// Runs `read` over the parsed text; what is no JSON or has another shape is WorkspaceDamaged.
Status ReadJson(const std::string& text, const std::string& what,
                const std::function<void(const Json&)>& read);

}  // namespace millrace::stage
