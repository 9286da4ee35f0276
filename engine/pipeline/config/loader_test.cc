#include "pipeline/config/loader.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/diagnostic.h"
#include "base/log.h"
#include "pipeline/config/tree.h"
#include "pipeline/config/walk.h"
#include "source/sniff_format.h"

namespace millrace::pipeline {
namespace {

const char* const kSketch = R"(version: 1
name: support_corpus
workspace: ./workspace
seed: 7
params: {dt: "2026-11-21"}
limits: {memory: 2GiB, threads: 2}
sources:
  tickets: {type: csv, path: "data/tickets-*.csv.gz"}
  kb:      {type: jsonl, path: data/kb/}
contract:
  version: 3
  unknown_columns: drop
  columns:
    id:      {type: string, required: true, unique: true, from: {tickets: ticket_id, kb: doc.id}}
    text:    {type: string, required: true, length: {min: 20}, from: {tickets: body, kb: doc.text}}
    created: {type: "timestamp[us, UTC]", format: "%d/%m/%Y %H:%M", from: {tickets: opened}}
    email:   {type: string, sensitive: true, on_error: set_null, from: {tickets: mail}}
exports:
  drop: {type: parquet, path: out/corpus, rows_per_shard: 1000000}
)";

Result<PipelineConfig> Parse(const std::string& text, LoadOptions options = {}) {
  return ParseConfig(text, "p.yaml", "/base", options);
}

PipelineConfig Loaded(const std::string& text, LoadOptions options = {}) {
  const auto config = Parse(text, options);
  REQUIRE_MESSAGE(config.ok(), config.status().ToString());
  return *config;
}

std::vector<Diagnostic> Problems(const std::string& text, LoadOptions options = {}) {
  const auto config = Parse(text, options);
  REQUIRE_MESSAGE(!config.ok(), text);
  return DiagnosticsOf(config.status());
}

// "12:3 MR1203", one a problem.
std::string Places(const std::vector<Diagnostic>& problems) {
  std::string out;
  for (const Diagnostic& d : problems) {
    out += (out.empty() ? "" : ", ") + std::to_string(d.span.line) + ":" +
           std::to_string(d.span.column) + " " + FormatErrorCode(d.code);
  }
  return out;
}

// A config with one source and the given lines more.
std::string With(const std::string& more, const std::string& source = "{type: csv, path: a.csv}") {
  return "version: 1\nname: n\nsources:\n  s: " + source + "\n" + more;
}
std::string WithColumn(const std::string& column) {
  return With("contract: {columns: {c: " + column + "}}\n");
}
Diagnostic Only(const std::string& text, LoadOptions options = {}) {
  const auto problems = Problems(text, options);
  REQUIRE_MESSAGE(problems.size() == 1, RenderDiagnostics(problems));
  return problems[0];
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string ReadText(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

// A generated text in the repository; MILLRACE_ACCEPT=1 writes it anew.
void CheckCommitted(const std::string& path, const std::string& wanted) {
  const std::string full = std::string(MILLRACE_SOURCE_DIR) + "/" + path;
  if (std::getenv("MILLRACE_ACCEPT") != nullptr) std::ofstream(full, std::ios::binary) << wanted;
  CHECK_MESSAGE(ReadText(full) == wanted,
                path << " is stale: run MILLRACE_ACCEPT=1 millrace_pipeline_test");
}

TEST_CASE("the sketch of the design loads as it stands") {
  const PipelineConfig config = Loaded(kSketch);
  CHECK(config.name == "support_corpus");
  CHECK(config.workspace == "/base/workspace");
  CHECK(config.seed == 7);
  CHECK(config.memory_bytes == int64_t{2} << 30);
  CHECK(config.threads == 2);
  REQUIRE(config.sources.size() == 2);
  CHECK(config.sources[0].path == "data/tickets-*.csv.gz");
  CHECK(config.sources[0].path_span.line == 8);
  CHECK(source::FormatName(config.sources[1].format) == "jsonl");
  REQUIRE(config.contracts.size() == 1);
  const auto& columns = config.contracts[0].columns;
  REQUIRE(columns.size() == 4);
  CHECK(config.contracts[0].version == 3);
  CHECK(columns[0].unique);
  CHECK(columns[0].from.at("kb").path == "doc.id");
  CHECK(columns[1].length_min == 20);
  CHECK(columns[2].formats == std::vector<std::string>{"%d/%m/%Y %H:%M"});
  CHECK(columns[3].sensitive);
  CHECK(columns[3].on_error == contract::OnError::kSetNull);
  REQUIRE(config.exports.size() == 1);
  CHECK(config.exports[0].path == "/base/out/corpus");
  CHECK(config.exports[0].options.rows_per_shard == 1000000);
}

TEST_CASE("the resolved config reads back to the same config") {
  const std::string odd = R"(version: 1
name: "odd: 'name' # é"
workspace: "work space"
params: {p: x}
sources:
  a: {type: csv, path: "a${p}.csv", delimiter: tab, quote: none, columns: [yes, "no", 007]}
  b: {type: parquet, path: "$${literal}"}
contract:
  columns:
    "a b": {from: {a: {const: ""}, b: {path: "x\ty"}}, null_values: [NA, null, ~]}
    c: {type: int64, from: {expr: "int64(trim(`n`)) + 1"}, min: -5, max: 010}
    d: {type: bool, bool_values: {true: [yes, 1], false: no}, default: "no"}
)";
  for (const std::string& text : {std::string(kSketch), Replaced(odd, "max: 010", "max: 10")}) {
    const PipelineConfig config = Loaded(text);
    const PipelineConfig again = Loaded(config.resolved_yaml);
    CHECK(again.resolved_yaml == config.resolved_yaml);
    CHECK(again.config_hash == config.config_hash);
    CHECK(again.source_json == config.source_json);
    CHECK(again.contract_json == config.contract_json);
  }
}

TEST_CASE("what does not shape the data is not hashed, what does is") {
  const std::string hash = Loaded(kSketch).config_hash;
  const std::vector<std::pair<std::string, std::string>> same = {
      {"./workspace", "elsewhere"},
      {"2GiB", "3GiB"},
      {"threads: 2", "threads: 8"},
      {"out/corpus", "out/other"},
      {"name: support", "\"name\": support"},
      {"\nseed: 7", "\n\n# why\nseed: 7"},
      {"drop: {type", "drop: {provenance: true, type"},
      {"path: data/kb/}", "path: data/kb/, limits: {max_rejects: 5}}"}};
  for (const auto& change : same) {
    CHECK_MESSAGE(Loaded(Replaced(kSketch, change.first, change.second)).config_hash == hash,
                  change.second);
  }
  const std::vector<std::pair<std::string, std::string>> different = {
      {"seed: 7", "seed: 8"},
      {"min: 20", "min: 21"},
      {"data/kb/", "data/other/"},
      {"set_null", "fail"},
      {"unique: true", "unique: false"},
      {"rows_per_shard: 1000000", "rows_per_shard: 5"}};
  for (const auto& change : different) {
    CHECK_MESSAGE(Loaded(Replaced(kSketch, change.first, change.second)).config_hash != hash,
                  change.second);
  }
  // Where files lie is no part of a source's identity, nor is the rejects it may have.
  const auto moved = Loaded(Replaced(kSketch, "data/kb/", "elsewhere/"));
  CHECK(moved.source_json == Loaded(kSketch).source_json);
}

TEST_CASE("JSON is read too, with its surrogate pairs") {
  const PipelineConfig config = Loaded(
      "{\"version\": 1,\n\t\"name\": \"\\ud83d\\ude00\",\n\t\"sources\": {\"s\": {\"type\": "
      "\"csv\", \"path\": \"a\\/b.csv\"}}}");
  CHECK(config.name == "\xF0\x9F\x98\x80");
  CHECK(config.sources[0].path == "a/b.csv");
}

TEST_CASE("a syntax error has its place") {
  CHECK(Places(Problems("a: [1,\nb: 2\n")).find("MR1001") != std::string::npos);
  CHECK(Only("version: 1\n\tname: x\n").code == ErrorCode::kYamlSyntax);
  CHECK(Only("version: 1\n\tname: x\n").suggestion.find("spaces") != std::string::npos);
  CHECK(Only("a: b: c").span.line == 1);
  CHECK(Only("version: 1\n---\nname: x\n").span.line == 2);
  CHECK(Only("name: !!str 5\n").span.column == 7);
  CHECK(Only("name: \"\xFF\"\n").span.column == 8);
  CHECK(Only(std::string("name: a\0b", 9)).span.column == 8);
  CHECK(Only(std::string(kConfigBytesMax + 1, ' ')).code == ErrorCode::kYamlSyntax);
  CHECK(Only("a: *nobody\n").code == ErrorCode::kYamlSyntax);
  CHECK(Only("a: &x [*x]\n").code == ErrorCode::kYamlSyntax);
  CHECK(Only("").code == ErrorCode::kWrongType);
  CHECK(Only("- 1\n").code == ErrorCode::kWrongType);
}

TEST_CASE("nesting and aliases cannot blow up") {
  CHECK(Only("a: " + std::string(100'000, '[')).code == ErrorCode::kYamlSyntax);
  CHECK(Only("a: " + std::string(40, '[') + std::string(40, ']')).message.find("deeper") !=
        std::string::npos);
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) laughs += (j == 0 ? "" : ", ") + before;
    laughs += "]\n";
  }
  CHECK(Only(laughs).message.find("200000 values") != std::string::npos);
  // An alias of reasonable size is a copy.
  const PipelineConfig config =
      Loaded(With("contract: {columns: {a: &t {type: int64, required: true}, b: *t}}\n"));
  CHECK(config.contracts[0].columns[1].required);
}

TEST_CASE("every problem is told at once, at its place") {
  const auto problems = Problems(R"(version: 1
nane: x
sources:
  s: {type: csv, path: a.csv, delimeter: ";"}
  t: {type: cvs, path: b}
  s: {type: jsonl, path: c}
limits: {threads: many, memory: 2 apples}
contract:
  columns:
    a: {type: int, requierd: yes, from: {q: x}}
    b: {required: yes}
exports:
  o: {type: parquet}
)");
  CHECK(Places(problems) ==
        "1:1 MR1202, 2:1 MR1203, 4:31 MR1203, 5:13 MR1205, 6:3 MR1204, 7:19 MR1201, 7:33 MR1201, "
        "10:15 MR1205, 10:20 MR1203, 10:42 MR1206, 11:19 MR1201, 13:6 MR1202");
  CHECK(problems[1].suggestion == "did you mean `name`?");
  CHECK(problems[2].suggestion == "did you mean `delimiter`?");
  CHECK(problems[2].span.length == 9);
  CHECK(problems[2].source_line == R"(  s: {type: csv, path: a.csv, delimeter: ";"})");
  CHECK(problems[10].suggestion == "write true");
}

TEST_CASE("a scalar means what its field says, not what YAML thinks") {
  const auto column = [](const std::string& text) {
    return Loaded(WithColumn(text)).contracts[0].columns[0];
  };
  CHECK(column("{default: no}").default_value == "no");
  CHECK(column("{default: 010}").default_value == "010");
  CHECK(column("{default: 2e6}").default_value == "2e6");
  CHECK(column("{default: \"null\"}").default_value == "null");
  CHECK(column("{enum: [yes, 1_000, true]}").enum_values ==
        std::vector<std::string>{"yes", "1_000", "true"});
  CHECK(column("{null_values: [null, ~, NA]}").null_values ==
        std::vector<std::string>{"null", "~", "NA"});
  CHECK(column("{null_values: NA}").null_values == std::vector<std::string>{"NA"});
  for (const char* text : {"{default: null}", "{default: ~}", "{default: }", "{enum: [a, null]}"}) {
    CHECK_MESSAGE(Only(WithColumn(text)).code == ErrorCode::kWrongType, text);
  }
  for (const char* seed :
       {"010", "1_000", "+5", "2e3", "0x10", "5.0", "\"5\"", "five", "null", ""}) {
    CHECK_MESSAGE(Only(With("seed: " + std::string(seed) + "\n")).code == ErrorCode::kWrongType,
                  seed);
  }
  CHECK(Only(With("seed: 1_000\n")).suggestion == "write 1000");
  CHECK(Only(With("seed: 2e3\n")).suggestion == "write 2000");
  CHECK(Only(With("seed: -1\n")).code == ErrorCode::kBadValue);
  CHECK(Only(With("seed: 99999999999999999999\n")).code == ErrorCode::kBadValue);
  for (const char* text : {"yes", "on", "\"true\"", "1", "True"}) {
    const auto d = Only(WithColumn("{required: " + std::string(text) + "}"));
    CHECK(d.code == ErrorCode::kWrongType);
    CHECK(d.suggestion == "write true");
  }
  CHECK(Only(With("params: [a]\n")).message == "`params` must be a map from names to texts");
  CHECK(Only(With("stages: [{name: n, inputs: [s], operators: [{id: l, type: limit, rows: 1}]}]\n"))
            .message == "`inputs` must be a map from names to stage inputs");
  for (const char* memory : {"2e9", "010MiB", "-1GiB", "1 GiBs", "inf", "\"\""}) {
    CHECK_MESSAGE(
        Only(With("limits: {memory: " + std::string(memory) + "}\n")).code == ErrorCode::kWrongType,
        memory);
  }
  CHECK(Only(With("limits: {memory: 1KiB}\n")).code == ErrorCode::kBadValue);
  CHECK(Loaded(With("limits: {memory: 1.5 GiB}\n")).memory_bytes == int64_t{3} << 29);
}

TEST_CASE("options of files") {
  const auto csv = [](const std::string& more) {
    return std::get<io::CsvOptions>(
        Loaded(With("", "{type: csv, path: a.csv" + more + "}")).sources[0].format);
  };
  CHECK(!csv("").delimiter);
  CHECK(csv(", delimiter: tab").delimiter == "\t");
  CHECK(csv(", delimiter: \"\\t\"").delimiter == "\t");
  CHECK(csv(", delimiter: ';', escape: '\\'").escape == '\\');
  CHECK(csv(", quote: none").quote == '\0');
  CHECK(csv(", short_rows: fill").fill_short_rows);
  CHECK(csv(", header: false, columns: [a, b]").column_names.size() == 2);
  CHECK(csv(", dialect: guess").guess);
  const io::CsvOptions block = csv(
      ", dialect: {encoding: cp1252, delimiter: \"||\", quote: none, newline: cr, skip_rows: 2, "
      "header_rows: 0, footer_rows: 1, comment: \"#\", trailing_delimiter: true, table: 3}");
  CHECK(block.encoding == io::Encoding::kCp1252);
  CHECK(block.delimiter == "||");
  CHECK(block.quote == '\0');
  CHECK(block.newline == "\r");
  CHECK(block.skip_rows == 2);
  CHECK(block.header_rows == 0);
  CHECK(block.footer_rows == 1);
  CHECK(block.comment == "#");
  CHECK(block.trailing_delimiter == true);
  CHECK(block.table == 3);
  const auto bad = [](const std::string& more) {
    return Only(With("", "{type: csv, path: a.csv" + more + "}")).code;
  };
  CHECK(bad(", delimiter: ab") == ErrorCode::kBadValue);
  CHECK(bad(", delimiter: é") == ErrorCode::kBadValue);
  CHECK(bad(", delimiter: none") == ErrorCode::kBadValue);
  CHECK(bad(", delimiter: ';', quote: ';'") == ErrorCode::kBadValue);
  CHECK(bad(", header: false") == ErrorCode::kMissingKey);
  CHECK(bad(", delimiter: \";\", dialect: {delimiter: \",\"}") == ErrorCode::kBadValue);
  CHECK(bad(", dialect: {header: true, header_rows: 1}") == ErrorCode::kBadValue);
  CHECK(bad(", dialect: gues") == ErrorCode::kBadValue);
  CHECK(bad(", dialect: {delimiter: \"123456789\"}") == ErrorCode::kBadValue);
  CHECK(bad(", columns: [a, a]") == ErrorCode::kDuplicateName);
  CHECK(bad(", limits: {max_reject_fraction: 1.5}") == ErrorCode::kBadValue);
  CHECK(Only(With("", "{type: jsonl, path: a, header: true}")).suggestion ==
        "`header` belongs to `type: csv`, `type: fixed_width`");
}

TEST_CASE("names refer to something") {
  const std::string two = R"(version: 1
name: n
sources:
  a: {type: csv, path: a.csv, contract: one}
  b: {type: csv, path: b.csv, contract: two}
contracts:
  one: {columns: {x: {from: {a: y}}}}
  two: {columns: {z: {}}}
exports:
  o: {type: jsonl, path: out, contract: two, columns: [z, "__fdf__/row_id"]}
)";
  // Reserved columns are not declared ones: `provenance` decides about them.
  CHECK(Only(two).code == ErrorCode::kUnknownReference);
  const std::string good = Replaced(two, ", \"__fdf__/row_id\"", "");
  CHECK(Loaded(good).contracts.size() == 2);
  CHECK(Only(Replaced(good, "contract: one", "contract: oen")).suggestion == "did you mean `one`?");
  CHECK(Only(Replaced(good, ", contract: two}\ncontracts", "}\ncontracts")).code ==
        ErrorCode::kMissingKey);
  CHECK(Only(Replaced(good, ", contract: two, col", ", col")).code == ErrorCode::kMissingKey);
  CHECK(Only(Replaced(good, "{a: y}", "{b: y}")).message.find("another contract") !=
        std::string::npos);
  CHECK(Only(Replaced(good, "[z]", "[zz]")).code == ErrorCode::kUnknownReference);
  CHECK(Only(With("contract: {columns: {c: {}}}\ncontracts: {d: {columns: {c: {}}}}\n",
                  "{type: csv, path: a, contract: d}"))
            .message.find("exclude") != std::string::npos);
  CHECK(Only("version: 1\nname: n\nsources: {expr: {type: csv, path: a}}\n").code ==
        ErrorCode::kBadValue);
  CHECK(Only("version: 2\nname: n\n").code == ErrorCode::kUnsupportedVersion);
  // Without contracts the names of the sources' tables are taken as they come.
  CHECK(Loaded(With("", "{type: csv, path: a, contract: t}")).contracts.empty());
}

TEST_CASE("exports do not get in the way of anything") {
  const auto bad = [](const std::string& exports, const char* source = "{type: csv, path: data/}") {
    return Only(With("exports: {" + exports + "}\n", source));
  };
  CHECK(bad("o: {type: parquet, path: workspace/out}").code == ErrorCode::kBadValue);
  CHECK(bad("o: {type: parquet, path: data/out}").message.find("as input") != std::string::npos);
  CHECK(bad("a: {type: parquet, path: out}, b: {type: jsonl, path: ./out/}").code ==
        ErrorCode::kDuplicateName);
  CHECK(bad("o: {type: jsonl, path: out, compression_level: 3}").code == ErrorCode::kBadValue);
  CHECK(bad("o: {type: jsonl, path: out, compression: gzip, compression_level: 12}").code ==
        ErrorCode::kBadValue);
  CHECK(bad("o: {type: jsonl, path: out, partition_by: [a]}").suggestion ==
        "`partition_by` belongs to `type: parquet`");
}

TEST_CASE("references are put in place") {
  ::setenv("MILLRACE_TEST_REFERENCE", "from outside", 1);
  ::unsetenv("MILLRACE_TEST_UNSET");
  const std::string text =
      With("params: {dt: x, n: 5}\nseed: ${n}\n",
           "{type: csv, path: \"${dt}/${param:n}/$${dt}/${env:MILLRACE_TEST_REFERENCE}\"}");
  const PipelineConfig config = Loaded(text);
  CHECK(config.sources[0].path == "x/5/${dt}/from outside");
  CHECK(config.seed == 5);
  CHECK(Loaded(text, {{{"dt", "y"}}}).sources[0].path == "y/5/${dt}/from outside");
  CHECK(Loaded(text, {{{"dt", "${n}"}}}).sources[0].path == "${n}/5/${dt}/from outside");
  CHECK(Loaded(text, {{{"dt", "y"}}}).config_hash != config.config_hash);

  const Diagnostic unknown = Only(text, {{{"dd", "y"}}});
  CHECK(unknown.code == ErrorCode::kBadParameter);
  CHECK(unknown.suggestion == "did you mean `dt`?");
  CHECK(Only(With("", "{type: csv, path: \"a${x}\"}")).span.column == 26);
  CHECK(Only(With("", "{type: csv, path: \"a${x}\"}")).code == ErrorCode::kUnknownReference);
  CHECK(Only(With("", "{type: csv, path: \"${env:MILLRACE_TEST_UNSET}\"}")).code ==
        ErrorCode::kUnresolvedReference);
  CHECK(Only(With("", "{type: csv, path: \"${file:/nonexistent}\"}")).code ==
        ErrorCode::kUnresolvedReference);
  CHECK(Only(With("", "{type: csv, path: \"${open\"}")).code == ErrorCode::kBadValue);
  CHECK(Only(With("params: {a: \"${b}\", b: x}\n")).message.find("parameter") != std::string::npos);
  const std::string required = With("params: {dt: }\n", "{type: csv, path: \"${dt}\"}");
  CHECK(Only(required).code == ErrorCode::kBadParameter);
  CHECK(Loaded(required, {{{"dt", "z"}}}).sources[0].path == "z");
}

TEST_CASE("a secret in clear is refused and never shown") {
  const std::string text = With(R"(params: {db_password: hunter2-secret, other: [x]}
limits: {api_key: hunter2-secret, memory: what}
workspace: "https://me:hunter2-secret@host/x"
)");
  const auto problems = Problems(text);
  int in_clear = 0;
  for (const Diagnostic& d : problems) in_clear += d.code == ErrorCode::kSecretInClear ? 1 : 0;
  CHECK(in_clear == 3);
  CHECK(RenderDiagnostics(problems).find("hunter2") == std::string::npos);
  CHECK(RenderDiagnostics(Problems("a: {token: other-secret\nb: [\n")).find("other-secret") ==
        std::string::npos);
  CHECK(Redact("it is hunter2-secret") == "it is ***");
  // References are no secrets, and columns may be called anything.
  CHECK(Loaded(With("contract: {columns: {password: {from: {s: secret_column}}}}\n"))
            .contracts.size() == 1);
  ::setenv("MILLRACE_TEST_URL", "https://me:deep-secret@host/", 1);
  const auto through = Problems(With("", "{type: csv, path: \"${env:MILLRACE_TEST_URL}\"}"));
  CHECK(through[0].code == ErrorCode::kSecretInClear);
  CHECK(RenderDiagnostics(through).find("deep-secret") == std::string::npos);
}

TEST_CASE("a field marked secret keeps its reference until it is used") {
  const ObjectSpec spec{
      .name = "login", .doc = "", .fields = {{.key = "key", .doc = "", .secret = true}}};
  const auto walk = [&](const std::string& text, std::string* value) {
    const ConfigTree tree = ParseConfigTree(text, "p.yaml");
    ConfigProblems problems(&tree);
    *value = WalkConfig(tree.root, spec, {}, &problems).Text("key");
    return problems.Finish();
  };
  std::string value;
  ::setenv("MILLRACE_TEST_SECRET", "very-secret-value", 1);
  CHECK(walk("key: \"${env:MILLRACE_TEST_SECRET}\"\n", &value).empty());
  CHECK(value == "${env:MILLRACE_TEST_SECRET}");
  CHECK(*ResolveSecret(value, "/") == "very-secret-value");
  CHECK(Redact("a very-secret-value b") == "a *** b");
  const auto in_clear = walk("key: in-clear-here\n", &value);
  REQUIRE(in_clear.size() == 1);
  CHECK(in_clear[0].code == ErrorCode::kSecretInClear);
  CHECK(RenderDiagnostics(in_clear).find("in-clear-here") == std::string::npos);
  CHECK(!ResolveSecret("${param:x}", "/").ok());
  CHECK(!ResolveSecret("${env:MILLRACE_TEST_UNSET_SECRET}", "/").ok());
}

TEST_CASE("an error inside an expression points into the config") {
  const auto at = [](const std::string& expression) {
    const auto d = Only(With("contract:\n  columns:\n    c: {from: {expr: " + expression + "}}\n"));
    CHECK(d.code == ErrorCode::kBadExpression);
    return std::to_string(d.span.line) + ":" + std::to_string(d.span.column);
  };
  CHECK(at("lowr(x)") == "7:22");
  CHECK(at("\"'é' || lowr(x)\"") == "7:30");
  CHECK(at("'''a'' || lowr(x)'") == "7:32");
  CHECK(at("\"\\u0041 || lowr(x)\"") == "7:33");
  const auto block =
      Only(With("contract:\n  columns:\n    c:\n      from:\n        expr: |\n"
                "          1 +\n            lowr(x)\n"));
  CHECK(block.span.line == 11);
  CHECK(block.span.column == 13);
}

TEST_CASE("a rule that does not fit its type points at the rule") {
  const Diagnostic d = Only(WithColumn("{type: int32, min: abc}"));
  CHECK(d.span.column == 44);
  CHECK(Only(WithColumn("{type: tuple}")).code == ErrorCode::kBadValue);
  CHECK(Only(WithColumn("{length: {min: 5, max: 2}}")).code == ErrorCode::kBadValue);
}

TEST_CASE("many problems are cut, and a long line is not shown whole") {
  std::string text = With("");
  for (int i = 0; i < 500; ++i) text += "k" + std::to_string(i) + ": 1\n";
  const auto problems = Problems(text);
  CHECK(problems.size() == 100);
  CHECK(problems.back().suggestion.find("400 more") != std::string::npos);
  const auto wide = Problems(With("wide: [" + std::string(100'000, 'x') + "]\n"));
  CHECK(wide[0].source_line.size() < 500);
}

TEST_CASE("a config that cannot be read") {
  CHECK(CodeOf(LoadConfig("/nonexistent/p.yaml", {}).status()) == ErrorCode::kUnreadablePath);
  CHECK(CodeOf(LoadConfig("/", {}).status()) == ErrorCode::kUnreadablePath);
}

TEST_CASE("generated texts are fresh") {
  CHECK(nlohmann::json::parse(PipelineSchemaJson())["properties"].contains("sources"));
  CheckCommitted("spec/pipeline.schema.json", PipelineSchemaJson());
  CheckCommitted("spec/model_contract.schema.json", ModelContractSchemaJson());
  const auto check_page = [](const std::string& path, const std::string& reference) {
    const std::string marker = "<!-- generated from the tables of fields -->\n";
    const std::string page = ReadText(std::string(MILLRACE_SOURCE_DIR) + "/" + path);
    const size_t at = page.find(marker);
    REQUIRE(at != std::string::npos);
    CheckCommitted(path, page.substr(0, at) + marker + "\n" + reference);
  };
  check_page("docs/config.md", ConfigReferenceMarkdown());
  check_page("docs/model_contract.md", ModelContractReferenceMarkdown());
}

}  // namespace
}  // namespace millrace::pipeline
