#include "export/release_json.h"

#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "export/prompts/prompt_options.h"

namespace millrace::exporting {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormatVersion = 1;
constexpr size_t kIdDigits = 16;

std::string CompressionName(const ExportOptions& options) {
  if (options.format == Format::kParquet) return "zstd";
  switch (options.compression) {
    case TextCompression::kNone:
      return "none";
    case TextCompression::kGzip:
      return "gzip";
    case TextCompression::kZstd:
      return "zstd";
  }
  return "none";
}

// `overwrite` is not here: it says whether to publish, not what.
Json OptionsJson(const ExportOptions& options) {
  Json json = {{"format", FormatName(options.format)},
               {"compression", CompressionName(options)},
               {"compression_level", options.compression_level},
               {"rows_per_shard", options.rows_per_shard},
               {"rows_per_row_group", options.rows_per_row_group},
               {"columns", options.columns},
               {"partition_by", options.partition_by},
               {"provenance", options.provenance}};
  if (options.prompts) json["prompts"] = Json::parse(PromptOptionsJson(*options.prompts));
  return json;
}

Json FileJson(const io::DataFile& file) {
  return Json{{"path", file.path},
              {"rows", file.rows},
              {"bytes", file.bytes},
              {"sha256", file.sha256},
              {"logical_sha256", file.logical_sha256}};
}

io::DataFile FileOf(const Json& json) {
  return io::DataFile{json.at("path"), json.at("rows"), json.at("bytes"), json.at("sha256"),
                      json.at("logical_sha256")};
}

// Of prompts only: other exports pass every row on.
Json RejectsJson(const Release& release) {
  Json reasons = Json::array();
  for (const ExportRejects& reason : release.rejects) {
    reasons.push_back({{"rule", reason.rule}, {"part", reason.part}, {"rows", reason.rows}});
  }
  Json json = {{"rows", release.rows_rejected()}, {"reasons", reasons}};
  if (!release.reject_file.path.empty()) json["file"] = FileJson(release.reject_file);
  return json;
}

Status Malformed(const std::string& what) {
  return MakeError(ErrorCode::kWorkspaceDamaged, what + " is malformed");
}

}  // namespace

std::string FormatName(Format format) {
  switch (format) {
    case Format::kParquet:
      return "parquet";
    case Format::kJsonl:
      return "jsonl";
    case Format::kPrompts:
      return "prompts";
  }
  return "";
}

std::string ReleaseIdOf(const ExportInput& input, const ExportOptions& options) {
  Sha256 hash;
  hash.UpdateField("millrace-release-" + std::to_string(kFormatVersion));
  hash.UpdateField(input.run_id);
  hash.UpdateField(input.table);
  hash.UpdateField(options.name);
  hash.UpdateField(OptionsJson(options).dump());
  return hash.FinishHex().substr(0, kIdDigits);
}

std::string ReleaseManifestJson(const Release& release, const ExportInput& input,
                                const ExportOptions& options) {
  Json files = Json::array();
  for (const io::DataFile& file : release.files) {
    files.push_back(FileJson(file));
  }
  Json json = {{"format_version", kFormatVersion},
               {"release_id", release.release_id},
               {"export", release.export_name},
               {"run_id", input.run_id},
               {"table", input.table},
               {"options", OptionsJson(options)},
               {"rows", release.rows},
               {"non_finite_as_null", release.non_finite_as_null},
               {"files", files}};
  if (options.format == Format::kPrompts) json["rejected"] = RejectsJson(release);
  return json.dump(2) + "\n";
}

Result<Release> ParseReleaseManifest(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    Release release;
    release.export_name = json.at("export");
    release.release_id = json.at("release_id");
    release.rows = json.at("rows");
    release.non_finite_as_null = json.at("non_finite_as_null");
    for (const Json& file : json.at("files")) {
      release.files.push_back(FileOf(file));
    }
    if (json.contains("rejected")) {
      const Json& rejected = json.at("rejected");
      for (const Json& reason : rejected.at("reasons")) {
        release.rejects.push_back({reason.at("rule"), reason.at("part"), reason.at("rows")});
      }
      if (rejected.contains("file")) release.reject_file = FileOf(rejected.at("file"));
    }
    return release;
  } catch (const Json::exception&) {
    return Malformed("a release's manifest");
  }
}

std::string LatestJson(const Latest& latest, const std::string& manifest) {
  Json json = {{"format_version", kFormatVersion},
               {"release_id", latest.release_id},
               {"manifest", latest.release_id + "/" + kReleaseManifestName},
               {"manifest_sha256", Sha256Hex(manifest)}};
  if (!latest.previous.empty()) json["previous"] = latest.previous;
  return json.dump(2) + "\n";
}

std::string CardKey(const std::string& release_id, const std::string& file) {
  return release_id + ".card/" + file;
}

Result<Latest> ParseLatest(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    return Latest{json.at("release_id").get<std::string>(), json.value("previous", "")};
  } catch (const Json::exception&) {
    return Malformed(kLatestName);
  }
}

}  // namespace millrace::exporting
