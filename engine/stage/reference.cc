#include "stage/reference.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/sha256.h"
#include "stage/shard_sequence.h"

namespace millrace::stage {
namespace {

using Json = nlohmann::json;

constexpr int kReferenceVersion = 1;
constexpr size_t kNameHashDigits = 12;

std::string TextOf(const RowReference& reference) {
  Json files = Json::array();
  for (const RowReference::File& file : reference.files) {
    files.push_back({{"path", file.path},
                     {"bytes", file.bytes},
                     {"sha256", file.sha256},
                     {"records", file.records}});
  }
  Json json = {{"reference", kReferenceVersion},
               {"source", reference.source},
               {"files", std::move(files)},
               {"first_ordinal", reference.first_ordinal},
               {"records", reference.records},
               {"rows", reference.rows},
               {"logical_sha256", reference.logical_sha256}};
  if (reference.row_group_begin >= 0) {
    json["row_groups"] = {reference.row_group_begin, reference.row_group_end};
  }
  if (reference.range) json["byte_range"] = {reference.range->begin, reference.range->end};
  return json.dump(1) + '\n';
}

RowReference FromText(const Json& json) {
  RowReference reference;
  json.at("source").get_to(reference.source);
  for (const Json& file : json.at("files")) {
    reference.files.push_back(
        {file.at("path"), file.at("bytes"), file.at("sha256"), file.at("records")});
  }
  json.at("first_ordinal").get_to(reference.first_ordinal);
  json.at("records").get_to(reference.records);
  json.at("rows").get_to(reference.rows);
  json.at("logical_sha256").get_to(reference.logical_sha256);
  if (json.contains("row_groups")) {
    json.at("row_groups").at(0).get_to(reference.row_group_begin);
    json.at("row_groups").at(1).get_to(reference.row_group_end);
  }
  if (json.contains("byte_range")) {
    reference.range = {json.at("byte_range").at(0), json.at("byte_range").at(1)};
  }
  return reference;
}

Status Damaged(const std::string& key, const std::string& why) {
  return MakeError(ErrorCode::kWorkspaceDamaged, "the committed reference " + key + " " + why,
                   "`millrace verify` lists all damage; a new run writes missing ones again");
}

}  // namespace

Result<io::DataFile> PutReference(io::Store& store, const std::string& key_prefix,
                                  const RowReference& reference, int64_t referred_bytes) {
  const std::string text = TextOf(reference);
  io::DataFile file;
  file.sha256 = Sha256Hex(text);
  file.path = key_prefix + '-' + file.sha256.substr(0, kNameHashDigits) + ".rows.json";
  file.rows = reference.rows;
  file.bytes = static_cast<int64_t>(text.size());
  file.logical_sha256 = reference.logical_sha256;
  file.referred_bytes = std::max<int64_t>(referred_bytes, 1);
  ARROW_RETURN_NOT_OK(store.Replace(file.path, text));
  return file;
}

Result<RowReference> ReadReference(io::Store& store, const io::DataFile& file) {
  ARROW_ASSIGN_OR_RAISE(const std::string text, store.ReadSmall(file.path));
  if (Sha256Hex(text) != file.sha256) return Damaged(file.path, "is not what was committed");
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || json.value("reference", 0) != kReferenceVersion) {
    return Damaged(file.path, "is of another version");
  }
  try {
    return FromText(json);
  } catch (const Json::exception& e) {
    return Damaged(file.path, std::string("cannot be read: ") + e.what());
  }
}

bool HoldReferences(const std::vector<io::DataFile>& files) {
  return std::any_of(files.begin(), files.end(),
                     [](const io::DataFile& file) { return file.is_reference(); });
}

Result<int64_t> StoredRows(io::Store& store, const io::DataFile& file) {
  if (!file.is_reference()) return StoredRows(store, file.path);
  ARROW_ASSIGN_OR_RAISE(const RowReference reference, ReadReference(store, file));
  return reference.rows;
}

}  // namespace millrace::stage
