#include "pipeline/report/report.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "pipeline/report/html_writer.h"

namespace millrace::pipeline {
namespace {

Report HostileReport() {
  const std::string hostile = "<script>alert('x')</script>\"&\x1b[31m\xff\xe2\x80\xae";
  Report report;
  report.pipeline = hostile;
  report.run_id = std::string(64, 'a');
  report.plan_id = "0123456789ab";
  report.config_hash = std::string(64, 'b');
  report.code_version = "0123456789ab";
  report.engine_version = "millrace-0.1.0";
  report.sources = {"tickets", hostile};
  ReportTable table;
  table.manifest.table = hostile;
  table.manifest.rows = {.read = 120, .written = 100, .rejected = 20};
  table.manifest.rows_by_source = {{"tickets", {.read = 100, .written = 90, .rejected = 10}},
                                   {hostile, {.read = 20, .written = 10, .rejected = 10}}};
  table.manifest_key = "stages/ingest/k/manifest.json";
  table.manifest.inputs = {{"tickets", hostile, 10, std::string(64, 'c')}};
  table.manifest.outputs = {{hostile, 100, 1000, std::string(64, 'd'), std::string(64, 'e')}};
  stage::ColumnProfile column;
  column.name = hostile;
  column.type = "string";
  column.rows = 100;
  column.min = hostile;
  table.manifest.profiles = {column};
  table.manifest.nulled = {{"tickets", "contract.type", hostile, 7}};
  column.name = "email";
  column.sensitive = true;
  column.min = column.max = "";
  table.manifest.profiles.push_back(column);
  ReportReject reject;
  reject.count = {"tickets", "contract", "contract.length", "text", 20};
  reject.samples = {{"tickets/a.csv#7", hostile, hostile, hostile, hostile, 77}};
  table.rejects = {reject};
  report.tables = {table};
  report.exports = {{"drop", "parquet", hostile, "", "", "r1", 100, table.manifest.outputs}};
  return report;
}

}  // namespace

TEST_CASE("the HTML report shows hostile values as text") {
  const std::string html = ReportToHtml(HostileReport(), "");
  CHECK(html.find("<script") == std::string::npos);
  CHECK(html.find('\x1b') == std::string::npos);
  CHECK(html.find('\xff') == std::string::npos);
  CHECK(html.find("\xe2\x80\xae") == std::string::npos);
  CHECK(html.find("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;") !=
        std::string::npos);
  CHECK(html.find("Set to null") != std::string::npos);
  CHECK(html.find("U+001B") != std::string::npos);
  // Nothing is fetched from anywhere.
  for (const char* word : {"http://", "https://", "src=", "href=", "url(", "@import"}) {
    CAPTURE(word);
    CHECK(html.find(word) == std::string::npos);
  }
}

TEST_CASE("the card of a table of any size is of bounded size and says what it leaves out") {
  Report report = HostileReport();
  ReportTable& table = report.tables[0];
  stage::ColumnProfile wide = table.manifest.profiles[0];
  for (int i = 0; i < 5000; ++i) {
    wide.name = "c" + std::to_string(i) + std::string(250, 'x');
    wide.max = std::string(256, 'y');
    table.manifest.profiles.push_back(wide);
    table.manifest.inputs.push_back({"s", std::string(3000, 'p'), 1, std::string(64, 'c')});
    table.manifest.outputs.push_back(table.manifest.outputs[0]);
    table.rejects.push_back(table.rejects[0]);
    table.rejects.back().count.column = wide.name;
    report.sources.push_back("s" + std::to_string(i));
    table.manifest.rows_by_source[report.sources.back()] = {};
  }
  const std::string html = ReportToHtml(report, "");
  CHECK(html.size() < (1 << 20));
  for (const char* note : {"and 4,802 more columns in report.json", "And 4,901 more reasons",
                           "more sources", "more in report.json"}) {
    CAPTURE(note);
    CHECK(html.find(note) != std::string::npos);
  }
  CHECK(nlohmann::json::parse(ReportToJson(report, ""))["tables"][0]["columns"].size() == 5002);
}

TEST_CASE("the verdict comes first and follows the requirements") {
  Report report = HostileReport();
  CHECK(report.Verdict() == "unjudged");
  CHECK(ReportToHtml(report, "").find("Not judged") != std::string::npos);
  ReportModel model;
  model.model = "m<1>";
  stage::Evidence finding;
  finding.id = "R-1";
  finding.statement = "a & b";
  finding.met = true;
  model.evidence.findings = {finding};
  report.model = model;
  CHECK(report.Verdict() == "fit");
  CHECK(ReportToHtml(report, "").find("<b>Fit</b> for <code>m&lt;1&gt;</code>") !=
        std::string::npos);
  report.model->evidence.findings[0].met = false;
  CHECK(report.Verdict() == "not_fit");
  CHECK(report.Outcome() == "done");
  report.model->ended_the_run = true;
  CHECK(report.Outcome() == "model_contract_unmet");
  const std::string html = ReportToHtml(report, "");
  CHECK(html.find("nothing was published") != std::string::npos);
  CHECK(html.find("a &amp; b") < html.find("<h2>"));
  const auto json = nlohmann::json::parse(ReportToJson(report, "h"));
  CHECK(json["card_sha256"] == "h");
  CHECK(json["model_contract"]["requirements"][0]["met"] == false);
}

TEST_CASE("the JSON report accounts for every row and is the same each time") {
  const std::string text = ReportToJson(HostileReport(), "h");
  CHECK(text == ReportToJson(HostileReport(), "h"));
  const auto json = nlohmann::json::parse(text);
  CHECK(json["rows"]["read"] == 120);
  CHECK(json["rows"]["written"].get<int>() + json["rows"]["rejected"].get<int>() == 120);
  CHECK(json["tables"][0]["sources"][0]["source"] == "tickets");
  CHECK(json["tables"][0]["rejects"][0]["samples"][0]["byte_offset"] == 77);
  CHECK(json["tables"][0]["nulled"][0]["values"] == 7);
  const auto& email = json["tables"][0]["columns"][1];
  CHECK(email["sensitive"] == true);
  CHECK_FALSE(email.contains("min"));
}

TEST_CASE("a page and a report know each other, and no other version of each other") {
  Report report = HostileReport();
  report.pipeline = "a\"card_sha256\": \"b";
  const ReportTexts texts = TextsOf(report);
  CHECK(texts.json == ReportToJson(report, nlohmann::json::parse(texts.json)["card_sha256"]));
  CHECK(BelongTogether(texts));
  const auto changed = [&](const std::string& from, const std::string& to, bool page) {
    ReportTexts other = texts;
    std::string& text = page ? other.html : other.json;
    REQUIRE(text.find(from) != std::string::npos);
    text.replace(text.find(from), from.size(), to);
    return other;
  };
  CHECK_FALSE(BelongTogether(changed("\"unjudged\"", "\"fit\"", false)));
  CHECK_FALSE(BelongTogether(changed("\"read\": 120", "\"read\": 121", false)));
  CHECK_FALSE(BelongTogether(changed("\n", "\n\n", false)));
  CHECK_FALSE(BelongTogether(changed("\"card_sha256\"", "\"card_sha257\"", false)));
  CHECK_FALSE(BelongTogether(changed("Not judged", "Fit", true)));
  CHECK_FALSE(BelongTogether({texts.html, ""}));
  CHECK_FALSE(BelongTogether({"", texts.json}));
  report.seed = 8;
  CHECK_FALSE(BelongTogether({TextsOf(report).html, texts.json}));
}

TEST_CASE("escaping keeps letters of any language and line breaks") {
  CHECK(Escaped("größe 日本 😀\n\t") == "größe 日本 😀\n\t");
  CHECK(Escaped("a<b>&\"'") == "a&lt;b&gt;&amp;&quot;&#39;");
  CHECK(Escaped("\xc3") == "\xEF\xBF\xBD");
  CHECK(Escaped("\xed\xa0\x80") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a surrogate
  CHECK(Escaped(std::string("\0", 1)) == "<i class=\"c\">U+0000</i>");
}

}  // namespace millrace::pipeline
