#include "stage/evidence/evidence.h"

#include <arrow/api.h>
#include <arrow/compute/initialize.h>
#include <doctest/doctest.h>

#include <optional>
#include <random>
#include <set>

#include "base/reserved_columns.h"
#include "base/testing/temp_folder.h"
#include "io/parquet/shard_writer.h"
#include "stage/evidence/repeated_rows.h"
#include "stage/spill.h"

namespace millrace::stage {
namespace {

using Cell = std::optional<std::string>;
using Row = std::vector<Cell>;

// A table of text columns in shards of a few rows, as a stage leaves it.
class Bench {
 public:
  explicit Bench(std::vector<std::string> names) {
    store_ = io::MakeLocalStore(folder_.path());
    for (std::string& name : names) {
      contract::Column column;
      column.name = name;
      column.type = arrow::utf8();
      contract_.columns.push_back(std::move(column));
    }
    REQUIRE(arrow::compute::Initialize().ok());
  }

  void Add(const std::vector<Row>& rows, size_t rows_per_shard) {
    for (size_t begin = 0; begin < rows.size(); begin += rows_per_shard) {
      AddShard({rows.begin() + static_cast<std::ptrdiff_t>(begin),
                rows.begin() +
                    static_cast<std::ptrdiff_t>(std::min(begin + rows_per_shard, rows.size()))});
    }
  }

  ModelEvidence Gather(const contract::ModelContract& model, int threads = 2) {
    EvidenceLimits limits;
    limits.threads = threads;
    auto evidence = GatherEvidence(model, {{&contract_, &manifest_, "stage"}}, *store_, limits);
    REQUIRE_MESSAGE(evidence.ok(), evidence.status().ToString());
    return *evidence;
  }
  Evidence Only(contract::Check check, double max_fraction = 0) {
    contract::ModelContract model;
    model.requirements.push_back({"R", "s", "", "t", std::move(check), max_fraction});
    return Gather(model).findings.at(0);
  }

  contract::Contract& contract() { return contract_; }
  Manifest& manifest() { return manifest_; }
  io::Store& store() { return *store_; }

 private:
  void AddShard(const std::vector<Row>& rows) {
    arrow::FieldVector fields;
    arrow::ArrayVector arrays;
    for (size_t c = 0; c < contract_.columns.size(); ++c) {
      arrow::StringBuilder builder;
      for (const Row& row : rows) {
        const Cell& cell = row.at(c);
        REQUIRE((cell ? builder.Append(*cell) : builder.AppendNull()).ok());
      }
      fields.push_back(arrow::field(contract_.columns[c].name, arrow::utf8()));
      arrays.push_back(builder.Finish().ValueOrDie());
    }
    arrow::StringBuilder ids;
    for (size_t i = 0; i < rows.size(); ++i) {
      REQUIRE(ids.Append("s/a#" + std::to_string(++manifest_.rows.written)).ok());
    }
    fields.push_back(arrow::field(std::string(kRowIdColumn), arrow::utf8(), false));
    arrays.push_back(ids.Finish().ValueOrDie());
    const auto schema = arrow::schema(fields);
    const std::string key = "stage/data/" + std::to_string(manifest_.outputs.size());
    auto writer = io::OpenShardWriter(*store_, key, schema, {}, nullptr).ValueOrDie();
    REQUIRE(
        writer->Write(arrow::RecordBatch::Make(schema, static_cast<int64_t>(rows.size()), arrays))
            .ok());
    io::DataFile file = writer->Finish().ValueOrDie();
    file.path = file.path.substr(std::string("stage/").size());
    manifest_.outputs.push_back(file);
    manifest_.rows.read = manifest_.rows.written;
  }

  TempFolder folder_;
  std::shared_ptr<io::Store> store_;
  contract::Contract contract_;
  Manifest manifest_;
};

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("rows that lack a value, and the first of them by id") {
  Bench bench({"a", "b"});
  bench.Add({{"x", "y"}, {std::nullopt, "y"}, {"x", std::nullopt}, {"x", "y"}, {"", ""}}, 2);
  const Evidence all = bench.Only(contract::NullsCheck{{"a", "b"}}, 0.4);
  CHECK(all.met);
  CHECK(all.rows_counted == 5);
  CHECK(all.rows_breaking == 2);
  CHECK(all.row_ids == Ids{"s/a#2", "s/a#3"});
  CHECK_FALSE(bench.Only(contract::NullsCheck{{"a", "b"}}, 0.39).met);
  CHECK(bench.Only(contract::NullsCheck{{"a"}}).measured == "20 % of the rows (1 of 5)");
  const Evidence missing = bench.Only(contract::NullsCheck{{"c"}}, 1);
  CHECK_FALSE(missing.met);
  CHECK(missing.measured == "the table has no column `c`");
  CHECK(missing.rows_breaking == -1);
}

TEST_CASE("profiles without a null are enough") {
  Bench bench({"a"});
  bench.Add({{"x"}, {"y"}}, 2);
  ColumnProfile profile;
  profile.name = "a";
  profile.rows = 2;
  bench.manifest().profiles = {profile};
  REQUIRE(bench.store().Remove("stage/" + bench.manifest().outputs[0].path).ok());
  CHECK(bench.Only(contract::NullsCheck{{"a"}}).met);
}

TEST_CASE("lengths by characters, bytes and words; null has none") {
  Bench bench({"a"});
  bench.Add({{"äöü"}, {"two words"}, {std::nullopt}, {""}}, 3);
  CHECK(bench.Only(contract::LengthCheck{"a", 3, 9, contract::LengthUnit::kCharacters}).row_ids ==
        Ids{"s/a#4"});
  CHECK(bench.Only(contract::LengthCheck{"a", 4, {}, contract::LengthUnit::kBytes}).row_ids ==
        Ids{"s/a#4"});
  CHECK(bench.Only(contract::LengthCheck{"a", {}, 1, contract::LengthUnit::kWords}).row_ids ==
        Ids{"s/a#2"});
}

TEST_CASE("values, languages and licences compare in their own ways") {
  Bench bench({"a"});
  bench.Add({{"de"}, {"DE-at"}, {"den"}, {std::nullopt}, {"de_CH"}}, 2);
  CHECK(bench.Only(contract::ValuesCheck{"a", {"de"}}).rows_breaking == 4);
  CHECK(bench.Only(contract::ValuesCheck{"a", {"De"}, contract::ValueKind::kLanguage}).row_ids ==
        Ids{"s/a#3", "s/a#4"});
  CHECK(bench.Only(contract::ValuesCheck{"a", {"DE-AT", "DE"}, contract::ValueKind::kLicence})
            .rows_breaking == 3);
}

TEST_CASE("repeated rows are counted exactly, in memory or spilled") {
  Bench bench({"a", "b"});
  std::mt19937 random(7);
  std::vector<Row> rows;
  std::set<Row> seen;
  int64_t repeated = 0;
  for (int i = 0; i < 5000; ++i) {
    Row row = {random() % 9 == 0 ? Cell() : Cell(std::to_string(random() % 40)),
               std::to_string(random() % 40)};
    repeated += seen.insert(row).second ? 0 : 1;
    rows.push_back(std::move(row));
  }
  bench.Add(rows, 700);
  const Evidence found = bench.Only(contract::DuplicatesCheck{{"a", "b"}}, 1);
  CHECK(found.rows_breaking == repeated);
  CHECK(bench.Only(contract::DuplicatesCheck{}, 1).rows_breaking == repeated);
  std::vector<io::DataFile> shards = bench.manifest().outputs;
  for (io::DataFile& shard : shards) shard.path = "stage/" + shard.path;
  SpillFolder spill(bench.store(), "spill");
  CHECK(CountRepeatedRows(bench.store(), shards, {"a", "b"}, spill, 4096, nullptr).ValueOrDie() ==
        repeated);
  CHECK(bench.store().List("spill").ValueOrDie().empty());
}

TEST_CASE("personal data by kind, and what threads make of it: nothing") {
  Bench bench({"a", "b"});
  std::vector<Row> rows(100, {"nothing", "to see"});
  rows[41] = {"x@example.org and 10.0.0.1", std::nullopt};
  rows[97][1] = "y@example.org";
  bench.Add(rows, 9);
  contract::ModelContract model;
  model.composition = {"b", "none"};
  model.requirements.push_back({"P", "s", "", "pii", contract::PiiCheck{}, 0.01});
  for (const int threads : {1, 8}) {
    const ModelEvidence evidence = bench.Gather(model, threads);
    const Evidence& found = evidence.findings.at(0);
    CHECK_FALSE(found.met);
    CHECK(found.row_ids == Ids{"s/a#42", "s/a#98"});
    CHECK(found.rows_by_kind ==
          std::vector<std::pair<std::string, int64_t>>{{"email", 2}, {"ipv4", 1}});
    REQUIRE(evidence.compositions.size() == 1);
    CHECK(evidence.compositions[0].nulls == 1);
    CHECK(evidence.compositions[0].values.front() == std::pair<std::string, int64_t>{"to see", 98});
  }
}

TEST_CASE("a composition of too many values, or of sensitive ones, shows none") {
  Bench bench({"a"});
  std::vector<Row> rows;
  for (int i = 0; i < 10'001; ++i) rows.push_back({"v" + std::to_string(i)});
  bench.Add(rows, 6000);
  contract::ModelContract model;
  model.composition = {"a"};
  CHECK(bench.Gather(model).compositions.at(0).too_many);
  CHECK(bench.Gather(model).compositions.at(0).values.empty());
  bench.contract().columns[0].sensitive = true;
  CHECK(bench.Gather(model).compositions.at(0).values.empty());
}

TEST_CASE("without rows nothing is shown, so nothing is met but what asks for columns") {
  Bench bench({"a"});
  CHECK_FALSE(bench.Only(contract::NullsCheck{{"a"}}, 1).met);
  CHECK(bench.Only(contract::NullsCheck{{"a"}}, 1).measured == "there is no row to show it by");
  CHECK(bench.Only(contract::FieldsCheck{{{"a", "string"}}}).met);
  CHECK(bench.Only(contract::FieldsCheck{{{"a", ""}, {"b", ""}, {"a", "int64"}}}).measured ==
        "`b` is missing, `a` is string");
  contract::SizeCheck size;
  size.min_rows = 1;
  CHECK_FALSE(bench.Only(size).met);
  size.min_rows = 0;
  CHECK(bench.Only(size).met);
}

}  // namespace millrace::stage
