#include <nlohmann/json.hpp>

#include "contract/drift_json.h"
#include "pipeline/report/report.h"

namespace millrace::pipeline {
namespace {

using Json = nlohmann::ordered_json;

Json RowsJson(const stage::RowEquation& rows) {
  return {{"read", rows.read},          {"derived", rows.derived},   {"repeated", rows.repeated},
          {"written", rows.written},    {"rejected", rows.rejected}, {"expanded", rows.expanded},
          {"not_drawn", rows.not_drawn}};
}

Json FileJson(const io::DataFile& file) {
  Json json = {
      {"path", file.path}, {"rows", file.rows}, {"bytes", file.bytes}, {"sha256", file.sha256}};
  if (!file.logical_sha256.empty()) json["logical_sha256"] = file.logical_sha256;
  return json;
}

Json FilesJson(const std::vector<io::DataFile>& files) {
  Json json = Json::array();
  for (const io::DataFile& file : files) json.push_back(FileJson(file));
  return json;
}

Json RejectJson(const ReportReject& reject) {
  Json samples = Json::array();
  for (const RejectSample& s : reject.samples) {
    Json sample = {{"row_id", s.row_id}};
    if (!s.value.empty()) sample["value"] = s.value;
    if (!s.threshold.empty()) sample["threshold"] = s.threshold;
    sample["message"] = s.message;
    if (s.byte_offset >= 0) sample["byte_offset"] = s.byte_offset;
    if (!s.raw.empty()) sample["raw"] = s.raw;
    samples.push_back(std::move(sample));
  }
  return {{"source", reject.count.source}, {"instance", reject.count.instance},
          {"rule", reject.count.rule},     {"column", reject.count.column},
          {"rows", reject.count.rows},     {"samples", std::move(samples)}};
}

Json ColumnJson(const stage::ColumnProfile& c) {
  Json json = {{"name", c.name},
               {"type", c.type},
               {"rows", c.rows},
               {"nulls", c.nulls},
               {"distinct_estimate", c.distinct_estimate}};
  if (c.sensitive) {
    json["sensitive"] = true;
    return json;
  }
  json["min"] = c.min;
  json["max"] = c.max;
  if (c.length_max > 0) {
    json["length"] = {{"min", c.length_min}, {"mean", c.length_mean}, {"max", c.length_max}};
  }
  return json;
}

Json InputJson(const stage::InputFile& input) {
  Json json = {{"source", input.source},
               {"path", input.path},
               {"bytes", input.bytes},
               {"sha256", input.sha256}};
  const io::ReadAs& read_as = input.read_as;
  if (read_as == io::ReadAs()) return json;
  json["read_as"] = {{"encoding", read_as.encoding}};
  if (read_as.bom) json["read_as"]["bom"] = true;
  if (!read_as.declaration.empty()) json["read_as"]["declaration"] = read_as.declaration;
  json["read_as"]["confidence"] = read_as.confidence;
  return json;
}

Json TableJson(const ReportTable& table, const std::vector<std::string>& sources) {
  const stage::Manifest& m = table.manifest;
  Json by_source = Json::array();
  for (const std::string& source : sources) {
    const auto rows = m.rows_by_source.find(source);
    if (rows == m.rows_by_source.end()) continue;
    by_source.push_back({{"source", source}, {"rows", RowsJson(rows->second)}});
  }
  Json rejects = Json::array(), nulled = Json::array(), columns = Json::array(),
       inputs = Json::array();
  for (const ReportReject& reject : table.rejects) rejects.push_back(RejectJson(reject));
  for (const stage::NulledCount& c : m.nulled) {
    nulled.push_back(
        {{"source", c.source}, {"rule", c.rule}, {"column", c.column}, {"values", c.values}});
  }
  for (const stage::ColumnProfile& column : m.profiles) columns.push_back(ColumnJson(column));
  for (const stage::InputFile& input : m.inputs) inputs.push_back(InputJson(input));
  Json json = {{"table", m.table}, {"contract_version", m.contract_version}};
  if (table.inferred) json["inferred_contract"] = table.proposal_key;
  json["manifest"] = table.manifest_key;
  json["rows"] = RowsJson(m.rows);
  json["sources"] = std::move(by_source);
  json["rejects"] = std::move(rejects);
  json["nulled"] = std::move(nulled);
  json["columns"] = std::move(columns);
  if (!m.snapshots.empty()) json["snapshots"] = m.snapshots;
  json["inputs"] = std::move(inputs);
  json["outputs"] = FilesJson(m.outputs);
  json["reject_files"] = FilesJson(m.reject_files);
  return json;
}

Json ExportRejectsJson(const std::vector<exporting::ExportRejects>& rejects) {
  Json json = Json::array();
  for (const exporting::ExportRejects& r : rejects) {
    json.push_back({{"rule", r.rule}, {"part", r.part}, {"rows", r.rows}});
  }
  return json;
}

Json BudgetJson(const ReportBudget& budget) {
  const stage::SpentBudget& spent = budget.spent;
  Json rejects = Json::array();
  for (const ReportReject& reject : budget.rejects) rejects.push_back(RejectJson(reject));
  Json json = {{"source", spent.source}, {"table", spent.table}, {"limit", spent.limit}};
  if (spent.limit == "max_rejects") {
    json["allowed"] = static_cast<int64_t>(spent.allowed);
  } else {
    json["allowed"] = spent.allowed;
  }
  json["rejected"] = spent.rejected;
  if (spent.read >= 0) json["read"] = spent.read;
  json["rejects"] = std::move(rejects);
  json["reject_files"] = FilesJson(spent.reject_files);
  return json;
}

}  // namespace

stage::RowEquation Report::Rows() const {
  stage::RowEquation rows;
  for (const ReportTable& table : tables) rows.Add(table.manifest.rows);
  return rows;
}

std::string ReportToJson(const Report& report) {
  Json tables = Json::array(), exports = Json::array();
  for (const ReportTable& table : report.tables) tables.push_back(TableJson(table, report.sources));
  for (const ReportExport& e : report.exports) {
    Json item = {{"name", e.name},
                 {"type", e.type},
                 {"table", e.table},
                 {"path", e.path},
                 {"release_id", e.release_id},
                 {"rows", e.rows},
                 {"files", FilesJson(e.files)}};
    if (e.type == "prompts") item["rejects"] = ExportRejectsJson(e.rejects);
    exports.push_back(std::move(item));
  }
  Json json = {{"report_version", 1},
               {"outcome", report.budget ? "reject_budget_spent" : "done"},
               {"pipeline", report.pipeline},
               {"run_id", report.run_id},
               {"plan_id", report.plan_id},
               {"config_hash", report.config_hash},
               {"code_version", report.code_version},
               {"engine_version", report.engine_version},
               {"seed", report.seed}};
  if (report.budget) {
    json["budget"] = BudgetJson(*report.budget);
  } else {
    json["rows"] = RowsJson(report.Rows());
  }
  json["tables"] = std::move(tables);
  json["exports"] = std::move(exports);
  json["drift"] = contract::DriftToJson(report.drift);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace millrace::pipeline
