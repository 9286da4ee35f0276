#include "stage/manifest_json.h"

#include <doctest/doctest.h>

#include "stage/commit_record_json.h"
#include "stage/identity.h"

namespace millrace::stage {

TEST_CASE("a manifest reads back to the same bytes") {
  Manifest manifest;
  manifest.format_version = kFormatVersion;
  manifest.pipeline = "p \"quoted\" \xc3\xa4";
  manifest.stage = "ingest";
  manifest.seed = ~uint64_t{0};
  manifest.rows = {10, 0, 0, 7, 3, 0, 0};
  manifest.rows_by_source["s"] = manifest.rows;
  manifest.rejects = {{"s", "csv", "csv.ragged", "", 3}};
  manifest.nulled = {{"s", "contract.type", "a", 2}};
  manifest.operator_versions = {{"csv", 1}};
  manifest.outputs = {{"data/x.parquet", 7, 99, "aa", "bb"}};
  manifest.profiles = {{"a", "int64", false, 7, 1, 5, "1", "9", 0, 0, 2.5},
                       {"b", "string", true, 7, 0, 7, "", "", 1, 2, 1.0 / 3}};
  manifest.inputs = {{"s", "a.csv", 3, "cc", {"utf-8", true, "dialect: {}", 0.87}},
                     {"s", "a.parquet", 3, "cc"}};
  const std::string text = ManifestToJson(manifest);
  const Manifest back = ManifestFromJson(text, "m").ValueOrDie();
  CHECK(ManifestToJson(back) == text);
  CHECK(back.seed == manifest.seed);
  CHECK(back.inputs == manifest.inputs);
  CHECK(back.rows.holds());
  CHECK(back.profiles[1].length_mean == manifest.profiles[1].length_mean);
}

TEST_CASE("texts that are no manifest or no record are WorkspaceDamaged, not a crash") {
  for (const char* text :
       {"", "{", "[]", "{}", R"({"format_version": 3})", R"({"format_version": 99})",
        R"({"format_version": "1"})", "\xff\xfe", R"({"format_version":3,"split_id":3})"}) {
    CAPTURE(text);
    CHECK(CodeOf(ManifestFromJson(text, "m").status()) == ErrorCode::kWorkspaceDamaged);
    CHECK(CodeOf(CommitRecordFromJson(text, "c").status()) == ErrorCode::kWorkspaceDamaged);
    CHECK(CodeOf(MaskRecordFromJson(text, "u").status()) == ErrorCode::kWorkspaceDamaged);
  }
}

TEST_CASE("commit and mask records read back to the same bytes") {
  CommitRecord record;
  record.split_id = "id";
  record.inputs = {{"s", "a", 1, "h"}, {"s", "b", 2, "i", {"cp1252", false, "", 0.9}}};
  record.records = {3, 4};
  record.row_group_begin = 2;
  record.row_group_end = 5;
  record.first_ordinal = 100;
  record.shards = {{{"data/1", 2, 3, "x", "y"}, 0, 6}};
  record.nulled = {{"s", "contract.type", "a", 2}};
  record.keys = {{"id", {"keys/1", 7, 8, "z", ""}}};
  const std::string text = CommitRecordToJson(record);
  CHECK(CommitRecordToJson(CommitRecordFromJson(text, "c").ValueOrDie()) == text);
  record.source = "s";
  CHECK(RowIdAt(record, 0) == "s/a#100");
  record.first_ordinal = 0;
  CHECK(RowIdAt(record, 2) == "s/a#2");
  CHECK(RowIdAt(record, 3) == "s/b#0");

  MaskRecord mask;
  mask.split_id = "id";
  mask.mask = "m";
  mask.shard_index = {1, 3};
  mask.shards = {{"data/2", 1, 2, "x", ""}, {}};
  const std::string mask_text = MaskRecordToJson(mask);
  CHECK(MaskRecordToJson(MaskRecordFromJson(mask_text, "u").ValueOrDie()) == mask_text);
}

}  // namespace millrace::stage
