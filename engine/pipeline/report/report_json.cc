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
  if (file.is_reference()) json["referred_bytes"] = file.referred_bytes;
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

Json ShapeJson(const stage::ColumnShape& shape) {
  using Kind = stage::ColumnShape::Kind;
  const char* kind = shape.kind == Kind::kValues    ? "values"
                     : shape.kind == Kind::kLengths ? "lengths"
                                                    : "numbers";
  Json bars = Json::array();
  for (const stage::Bar& bar : shape.bars) {
    bars.push_back(
        {{shape.kind == Kind::kValues ? "value" : "from", bar.label}, {"rows", bar.rows}});
  }
  Json json = {{"column", shape.name}, {"of", kind}, {"bars", std::move(bars)}};
  if (shape.kind == Kind::kValues) {
    json["other_values"] = shape.other_values;
  } else {
    json["to"] = shape.last;
  }
  return json;
}

Json SampleJson(const stage::TableSample& sample) {
  Json shapes = Json::array(), examples = Json::array(), kinds = Json::object();
  for (const stage::ColumnShape& shape : sample.shapes) {
    if (shape.kind != stage::ColumnShape::Kind::kNone) shapes.push_back(ShapeJson(shape));
  }
  for (const stage::TableSample::Row& row : sample.examples) {
    Json cells = Json::object();
    for (const auto& [name, text] : row.cells) cells[name] = text;
    examples.push_back({{"row_id", row.id}, {"values", std::move(cells)}});
  }
  for (const auto& [kind, rows] : sample.pii_by_kind) kinds[kind] = rows;
  return {{"rows", sample.rows},
          {"rows_with_pii", sample.rows_with_pii},
          {"rows_by_kind", std::move(kinds)},
          {"rows_repeated", sample.rows_repeated},
          {"shapes", std::move(shapes)},
          {"examples", std::move(examples)}};
}

Json HistogramJson(const op::ValueHistogram& histogram) {
  Json bins = Json::array();
  for (const auto& [bound, rows] : histogram.Bins()) {
    bins.push_back(Json::array({bound, rows.kept, rows.against}));
  }
  const op::ValueHistogram::Rows& none = histogram.without_number();
  return {{"of", histogram.of()},
          {"bins", std::move(bins)},
          {"without_number", Json::array({none.kept, none.against})}};
}

Json InstanceJson(const stage::InstanceCount& i) {
  Json json = {{"id", i.id},           {"type", i.type},       {"kind", i.kind},
               {"version", i.version}, {"reached", i.reached}, {"dropped", i.dropped},
               {"tagged", i.tagged},   {"refined", i.refined}, {"expanded", i.expanded},
               {"derived", i.derived}};
  if (!i.file_sha256.empty()) json["file_sha256"] = i.file_sha256;
  for (const auto& histogram : i.histograms) {
    json["histograms"].push_back(HistogramJson(histogram));
  }
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
  json["sample"] = SampleJson(table.sample);
  if (!m.snapshots.empty()) json["snapshots"] = m.snapshots;
  json["inputs"] = std::move(inputs);
  json["outputs"] = FilesJson(m.outputs);
  json["reject_files"] = FilesJson(m.reject_files);
  return json;
}

// A part of a mixture, with its shares.
Json PartJson(const std::string& name, const stage::Amount& drawn, const stage::MixShare& share,
              bool counts_tokens, bool counts_images) {
  Json json = {{"name", name}, {"drawn", drawn.rows}, {"bytes", drawn.bytes}};
  if (counts_tokens) json["tokens"] = drawn.tokens;
  if (counts_images) json["images"] = drawn.images;
  json["shares"] = {{"asked", share.asked}, {"rows", share.rows}, {"bytes", share.bytes}};
  if (counts_tokens) json["shares"]["tokens"] = share.tokens;
  if (counts_images) json["shares"]["images"] = share.images;
  return json;
}

void AddMixtures(const stage::Manifest& m, Json* json) {
  const auto inputs = stage::SharesOf(m.mixture), buckets = stage::SharesOf(m.buckets);
  for (size_t i = 0; i < m.mixture.size(); ++i) {
    const stage::MixedInput& of = m.mixture[i];
    Json part = PartJson(of.name, {of.drawn, of.bytes, of.tokens, of.images}, inputs[i],
                         !m.mixture_tokens.empty(), !m.mixture_images.empty());
    part["repeated"] = of.repeated;
    (*json)["mixture"].push_back(std::move(part));
  }
  for (size_t i = 0; i < m.buckets.size(); ++i) {
    const stage::DrawnBucket& of = m.buckets[i];
    Json part = PartJson(of.name, of.drawn, buckets[i], !m.bucket_tokens.empty(), false);
    part["available"] = of.available;
    part["rows_asked"] = of.asked;
    (*json)["output_mixture"].push_back(std::move(part));
  }
}

Json StageJson(const ReportTable& table) {
  std::vector<std::string> inputs;
  for (const auto& [input, rows] : table.manifest.rows_by_source) inputs.push_back(input);
  const Json whole = TableJson(table, inputs);
  Json instances = Json::array();
  for (const stage::InstanceCount& instance : table.manifest.instances) {
    instances.push_back(InstanceJson(instance));
  }
  Json json = {{"stage", table.manifest.stage},
               {"manifest", table.manifest_key},
               {"rows", whole.at("rows")},
               {"operators", std::move(instances)}};
  AddMixtures(table.manifest, &json);
  for (const auto& [member, value] : whole.items()) {
    if (member == "sources") {
      json["inputs_by_name"] = value;
    } else if (member != "table" && member != "contract_version" && !json.contains(member)) {
      json[member] = value;
    }
  }
  return json;
}

Json ExportRejectsJson(const std::vector<exporting::ExportRejects>& rejects) {
  Json json = Json::array();
  for (const exporting::ExportRejects& r : rejects) {
    json.push_back({{"rule", r.rule}, {"part", r.part}, {"rows", r.rows}});
  }
  return json;
}

Json PreviousJson(const ReportExport::Previous& previous) {
  Json changes = Json::array();
  for (const Change& change : previous.changes) changes.push_back(ChangeJson(change));
  Json json = {{"release_id", previous.release_id}, {"has_card", previous.has_card}};
  json["changes"] = std::move(changes);
  if (previous.more_changes > 0) json["more_changes"] = previous.more_changes;
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

Json FindingJson(const stage::Evidence& finding) {
  Json json = {{"id", finding.id}, {"statement", finding.statement}, {"type", finding.type}};
  if (!finding.table.empty()) json["table"] = finding.table;
  json["met"] = finding.met;
  json["on_fail"] = finding.on_unmet == contract::OnUnmet::kFail ? "fail" : "warn";
  json["check"] = finding.check;
  json["threshold"] = finding.threshold;
  json["measured"] = finding.measured;
  json["rows_counted"] = finding.rows_counted;
  if (finding.rows_breaking >= 0) {
    json["rows_breaking"] = finding.rows_breaking;
    json["fraction"] = finding.fraction;
    json["max_fraction"] = finding.max_fraction;
  }
  if (!finding.row_ids.empty()) json["row_ids"] = finding.row_ids;
  if (!finding.rows_by_kind.empty()) {
    json["rows_by_kind"] = Json::object();
    for (const auto& [kind, rows] : finding.rows_by_kind) json["rows_by_kind"][kind] = rows;
  }
  return json;
}

constexpr size_t kCompositionValuesMax = 100;

Json CompositionJson(const stage::Composition& composition) {
  Json json = {{"table", composition.table},
               {"column", composition.column},
               {"rows", composition.rows},
               {"nulls", composition.nulls}};
  if (composition.sensitive) json["sensitive"] = true;
  if (composition.too_many) json["too_many_values"] = true;
  if (composition.sensitive || composition.too_many) return json;
  json["distinct"] = composition.values.size();
  Json values = Json::array();
  for (const auto& [value, rows] : composition.values) {
    if (values.size() == kCompositionValuesMax) break;
    values.push_back({{"value", value}, {"rows", rows}});
  }
  json["values"] = std::move(values);
  return json;
}

Json ModelJson(const ReportModel& model) {
  Json requirements = Json::array(), compositions = Json::array();
  for (const stage::Evidence& finding : model.evidence.findings) {
    requirements.push_back(FindingJson(finding));
  }
  for (const stage::Composition& c : model.evidence.compositions) {
    compositions.push_back(CompositionJson(c));
  }
  Json json = {{"model", model.model}};
  if (!model.owner.empty()) json["owner"] = model.owner;
  json["sha256"] = model.sha256;
  json["requirements"] = std::move(requirements);
  json["compositions"] = std::move(compositions);
  return json;
}

}  // namespace

std::string Report::Outcome() const {
  if (!until.empty()) return "stopped";
  if (budget) return "reject_budget_spent";
  return model && model->ended_the_run ? "model_contract_unmet" : "done";
}

std::string Report::Verdict() const {
  if (!model) return "unjudged";
  return model->evidence.met() ? "fit" : "not_fit";
}

stage::RowEquation Report::Rows() const {
  stage::RowEquation rows;
  for (const ReportTable& table : tables) rows.Add(table.manifest.rows);
  return rows;
}

std::string ReportToJson(const Report& report, const std::string& card_sha256) {
  Json tables = Json::array(), exports = Json::array();
  for (const ReportTable& table : report.tables) tables.push_back(TableJson(table, report.sources));
  for (const ReportExport& e : report.exports) {
    Json item = {{"name", e.name},
                 {"type", e.type},
                 {"table", e.table},
                 {"path", e.path},
                 {"release_id", e.release_id},
                 {"manifest_sha256", e.manifest_sha256},
                 {"rows", e.rows},
                 {"files", FilesJson(e.files)}};
    if (!e.stage.empty()) item["stage"] = e.stage;
    if (e.type == "prompts") item["rejects"] = ExportRejectsJson(e.rejects);
    if (e.previous) item["previous"] = PreviousJson(*e.previous);
    exports.push_back(std::move(item));
  }
  Json json = {{"report_version", 1},
               {"outcome", report.Outcome()},
               {"pipeline", report.pipeline},
               {"run_id", report.run_id},
               {"plan_id", report.plan_id},
               {"config_hash", report.config_hash},
               {"code_version", report.code_version},
               {"engine_version", report.engine_version},
               {"seed", report.seed},
               {"verdict", report.Verdict()},
               {"card_sha256", card_sha256}};
  if (!report.until.empty()) json["until"] = report.until;
  if (report.model) json["model_contract"] = ModelJson(*report.model);
  if (report.budget) {
    json["budget"] = BudgetJson(*report.budget);
  } else {
    json["rows"] = RowsJson(report.Rows());
  }
  json["tables"] = std::move(tables);
  if (!report.stages.empty()) {
    Json stages = Json::array();
    for (const ReportTable& stage : report.stages) stages.push_back(StageJson(stage));
    json["stages"] = std::move(stages);
  }
  json["exports"] = std::move(exports);
  json["drift"] = contract::DriftToJson(report.drift);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace millrace::pipeline
