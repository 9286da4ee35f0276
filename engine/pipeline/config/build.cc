#include "pipeline/config/build.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "contract/features.h"
#include "io/http/url.h"
#include "io/object/store_url.h"
#include "pipeline/config/canonical.h"
#include "pipeline/config/contract.h"
#include "pipeline/config/export_options.h"
#include "pipeline/config/hook_fields.h"
#include "pipeline/config/prompts.h"
#include "pipeline/config/record_formats.h"
#include "pipeline/config/rest.h"
#include "pipeline/config/stages.h"
#include "pipeline/config/storage.h"
#include "pipeline/config/text_formats.h"
#include "pipeline/config/vault.h"

namespace millrace::pipeline {
namespace {

std::string Absolute(const std::string& base_dir, const std::string& path) {
  std::string text =
      io::IsUrl(path) ? path : (std::filesystem::path(base_dir) / path).lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

bool IsWithin(const std::string& path, const std::string& folder) {
  return path == folder || path.rfind(folder == "/" ? folder : folder + '/', 0) == 0;
}

class Build {
 public:
  Build(const ConfigValue& root, const std::string& base_dir,
        std::shared_ptr<const op::Resources> resources, ConfigProblems* problems)
      : root_(root), problems_(problems) {
    config_.base_dir = base_dir;
    config_.resources = std::move(resources);
  }

  PipelineConfig Run() {
    config_.name = root_.Text("name");
    config_.workspace = Absolute(config_.base_dir, root_.Text("workspace"));
    if (const ConfigValue* workspace = root_.Find("workspace")) {
      CheckUrl(*workspace, UrlUse::kWrite, problems_);
    }
    config_.seed = static_cast<uint64_t>(root_.Integer("seed"));
    if (const ConfigValue* limits = root_.Find("limits")) {
      config_.memory_bytes = limits->Integer("memory");
      config_.threads = static_cast<int>(limits->Integer("threads"));
      const std::string scratch = limits->Text("scratch");
      if (!scratch.empty()) config_.storage.scratch = Absolute(config_.base_dir, scratch);
    }
    config_.vault = BuildVault(root_, config_.base_dir, problems_);
    if (const ConfigValue* rejects = root_.Find("rejects")) BuildRejects(*rejects);
    if (const ConfigValue* storage = root_.Find("storage")) {
      config_.storage.entries = BuildStorage(*storage, config_.base_dir, config_.vault, problems_);
    }
    FindTables();
    BuildSources();
    BuildContracts();
    stages_ = BuildStages(
        root_, config_.sources,
        [this](const SourceConfig& source) { return KnownSchema(source.contract); }, config_.seed,
        SuppliesOf(config_), problems_);
    config_.stages = stages_.stages;
    if (const ConfigValue* hooks = root_.Find("hooks")) config_.hooks = BuildHooks(*hooks);
    BuildExports();
    return std::move(config_);
  }

 private:
  const ConfigValue* Named(const char* key) const { return root_.Find(key); }

  void BuildRejects(const ConfigValue& value) {
    RejectsConfig& rejects = config_.rejects;
    const std::string sensitive = value.Text("sensitive", "keep");
    rejects.sensitive = sensitive == "hash"   ? stage::SensitiveRejects::kHash
                        : sensitive == "drop" ? stage::SensitiveRejects::kDrop
                                              : stage::SensitiveRejects::kKeep;
    rejects.hash_key = value.Text("hash_key");
    if (const ConfigValue* key = value.Find("hash_key")) rejects.hash_key_span = key->span;
    const bool hash = rejects.sensitive == stage::SensitiveRejects::kHash;
    if (hash && !value.IsWritten("hash_key")) {
      problems_->Add(ErrorCode::kBadValue, value.Find("sensitive")->span,
                     "`sensitive: hash` needs a `hash_key`",
                     "without a key anybody could try values out; add `hash_key: ${env:NAME}`");
    } else if (!hash && value.IsWritten("hash_key") && value.Find("sensitive") != nullptr) {
      problems_->Add(ErrorCode::kBadValue, value.span,
                     "`hash_key` has no effect without `sensitive: hash`");
    }
  }

  // The names a source or an export may give as its contract.
  void FindTables() {
    several_ = root_.IsWritten("contracts");
    single_ = root_.IsWritten("contract");
    if (several_ && single_) {
      problems_->Add(ErrorCode::kBadValue, Named("contract") ? Named("contract")->span : root_.span,
                     "`contract` and `contracts` exclude each other",
                     "name the contract and move it under `contracts`");
    }
    if (const ConfigValue* contracts = Named("contracts")) {
      for (const auto& [name, value] : contracts->members) tables_.push_back(name);
    } else if (const ConfigValue* sources = Named("sources"); sources != nullptr && !single_) {
      std::set<std::string> names;  // inferred: one per name the sources give
      for (const auto& [name, value] : sources->members) {
        if (names.insert(value.Text("contract")).second) tables_.push_back(value.Text("contract"));
      }
    } else {
      tables_.push_back("");
    }
  }

  void CheckTable(const ConfigValue& value, const std::string& what) {
    const ConfigValue* named = value.Find("contract");
    if (named != nullptr && !Known(named->text)) {
      std::string suggestion = DidYouMean(named->text, tables_);
      if (single_ && !several_) suggestion = "the contract of the short form has no name";
      problems_->Add(ErrorCode::kUnknownReference, named->span,
                     "there is no contract `" + named->text + "`", suggestion);
    } else if (!value.IsWritten("contract") && !Known("") && !tables_.empty()) {
      problems_->Add(ErrorCode::kMissingKey, value.span, "`contract` is missing in the " + what,
                     "name one of " + Quoted(tables_));
    }
  }

  bool Known(const std::string& table) const {
    return std::find(tables_.begin(), tables_.end(), table) != tables_.end();
  }

  static std::string Quoted(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) out += (out.empty() ? "`" : ", `") + name + '`';
    return out;
  }

  void BuildSources() {
    const ConfigValue* sources = Named("sources");
    if (sources == nullptr) return;
    for (size_t i = 0; i < sources->members.size(); ++i) {
      const auto& [name, value] = sources->members[i];
      const SourceSpan& span = sources->member_spans[i];
      source_names_.push_back(name);
      if (std::find(FromKeys().begin(), FromKeys().end(), name) != FromKeys().end()) {
        problems_->Add(ErrorCode::kBadValue, span, "a source cannot be called `" + name + "`",
                       "the word has a meaning of its own under `from`");
      }
      if (value.kind != ConfigValue::Kind::kObject) continue;
      CheckTable(value, "source `" + name + "`");
      config_.sources.push_back(BuildSource(name, value, span));
      config_.source_json[name] = SourceJson(name, value);
    }
  }

  SourceConfig BuildSource(const std::string& name, const ConfigValue& value,
                           const SourceSpan& span) {
    SourceConfig source;
    source.name = name;
    source.span = span;
    source.path = value.Text("path");
    if (const ConfigValue* path = value.Find("path")) {
      source.path_span = path->span;
      CheckUrl(*path, UrlUse::kRead, problems_);
    }
    source.contract = value.Text("contract");
    if (const ConfigValue* limits = value.Find("limits")) {
      if (const ConfigValue* most = limits->Find("max_rejects")) {
        source.limits.max_rejects = most->integer;
      }
      if (const ConfigValue* share = limits->Find("max_reject_fraction")) {
        source.limits.max_reject_fraction = share->number;
      }
    }
    source.keeps_rows = value.Bool("keep_rows");
    const std::string& type = value.spec->type_value;
    if (type == "rest") {
      source.rest = BuildRest(name, value, problems_);
      std::string& ca_file = source.rest->conduct.ca_file;
      if (!ca_file.empty()) ca_file = Absolute(config_.base_dir, ca_file);
      source.format = source.rest->source.records_format;
      source.rest->shown_url = io::http::RedactUrl(value.Text("url"));
      if (const ConfigValue* url = value.Find("url")) source.path_span = url->span;
    } else if (type == "csv") {
      source.format = BuildCsv(value, problems_);
    } else if (type == "jsonl") {
      source.format = BuildJsonl(value);
    } else if (type == "parquet") {
      source.format = io::ParquetReadOptions{};
    } else if (type == "dataset") {
      io::DatasetReadOptions options;
      options.stream_split_rows = value.Integer("stream_split_rows");
      source.format = options;
      source.path_span = span;
    } else if (type == "hf") {
      source.format = io::DatasetReadOptions();
      source.split = value.Text("split");
      BuildLoad(value, span, &source);
    } else {
      source.format = BuildTextFormat(value, problems_);
    }
    return source;
  }

  // Either a folder, or what Python is to fetch.
  void BuildLoad(const ConfigValue& value, const SourceSpan& span, SourceConfig* source) {
    const ConfigValue* load = value.Find("load");
    if (load == nullptr) {
      if (value.IsWritten("path")) return;
      problems_->Add(ErrorCode::kMissingKey, span,
                     "`path` is missing in the source `" + source->name + '`');
      return;
    }
    for (const char* other : {"path", "split"}) {
      if (!value.IsWritten(other)) continue;
      problems_->Add(ErrorCode::kBadValue, load->span,
                     std::string("`load` and `") + other + "` exclude each other",
                     "what `load_dataset` takes stands in `load`");
    }
    source->path_span = load->span;
    for (const auto& [name, argument] : load->members) source->load[name] = argument.text;
    if (source->load.empty()) {
      problems_->Add(ErrorCode::kMissingKey, load->span, "`load` says nothing to load",
                     "write for example `load: {path: json, data_files: rows.jsonl}`");
    }
  }

  void BuildContracts() {
    if (const ConfigValue* contract = Named("contract")) AddContract("", *contract);
    const ConfigValue* contracts = Named("contracts");
    if (contracts == nullptr) return;
    for (const auto& [name, value] : contracts->members) AddContract(name, value);
  }

  void AddContract(const std::string& name, const ConfigValue& value) {
    if (value.kind != ConfigValue::Kind::kObject) return;
    std::vector<std::string> sources;
    for (const SourceConfig& source : config_.sources) {
      // A source whose contract is not known may have meant this one; it is reported already.
      if (source.contract == name || !Known(source.contract)) sources.push_back(source.name);
    }
    config_.contracts.push_back(BuildContract(name, value, name.empty() ? source_names_ : sources,
                                              source_names_, problems_));
    config_.contract_json[name] = ContractJson(name, value);
    config_.drift[name] = BuildDriftPolicy(value);
  }

  void BuildExports() {
    const ConfigValue* exports = Named("exports");
    if (exports == nullptr) return;
    for (size_t i = 0; i < exports->members.size(); ++i) {
      const auto& [name, value] = exports->members[i];
      if (value.kind != ConfigValue::Kind::kObject) continue;
      ExportConfig built;
      built.span = exports->member_spans[i];
      built.contract = value.Text("contract");
      built.stage = StageOf(value);
      if (built.stage.empty() && !value.IsWritten("from"))
        CheckTable(value, "export `" + name + "`");
      built.options = BuildExportOptions(name, value, problems_);
      if (const ConfigValue* path = value.Find("path")) {
        built.path = Absolute(config_.base_dir, path->text);
        CheckUrl(*path, UrlUse::kWrite, problems_);
        CheckTarget(built.path, path->span);
      }
      if (built.stage.empty()) {
        CheckColumns(value, DeclaredNames(built.contract), "the contract");
      } else if (const auto& columns = stages_.columns[built.stage]) {
        CheckColumns(value, columns->field_names(), "the stage");
      }
      if (built.options.format == exporting::Format::kPrompts) {
        const auto rows =
            built.stage.empty() ? KnownSchema(built.contract) : stages_.columns[built.stage];
        built.options.prompts = BuildPrompts(value, config_.seed, rows.get(), problems_);
      }
      config_.exports.push_back(std::move(built));
    }
  }

  // The stage that an export publishes: the one it names, else the last one, unless it names a
  // contract. "" for a table as it was ingested.
  std::string StageOf(const ConfigValue& value) {
    const ConfigValue* from = value.Find("from");
    if (from == nullptr) {
      if (value.IsWritten("from") || value.IsWritten("contract") || stages_.stages.empty())
        return "";
      return stages_.stages.back().name;
    }
    if (value.IsWritten("contract")) {
      problems_->Add(ErrorCode::kBadValue, from->span, "`from` and `contract` exclude each other",
                     "name the stage, or the contract of a table as it was ingested");
    }
    if (stages_.columns.count(from->text) > 0) return from->text;
    std::vector<std::string> names;
    for (const StageConfig& stage : stages_.stages) names.push_back(stage.name);
    problems_->Add(ErrorCode::kUnknownReference, from->span,
                   "there is no stage `" + from->text + "`", DidYouMean(from->text, names));
    return "";
  }

  void CheckTarget(const std::string& path, const SourceSpan& span) {
    if (!targets_.insert(path).second) {
      problems_->Add(ErrorCode::kDuplicateName, span, "another export has the same path");
    }
    if (IsWithin(path, config_.workspace) || IsWithin(config_.workspace, path)) {
      problems_->Add(ErrorCode::kBadValue, span, "an export and the workspace cannot be nested",
                     "give the export a folder of its own");
    }
    for (const SourceConfig& source : config_.sources) {
      if (source.rest) continue;
      const bool is_tree = !source.path.empty() && (source.path.back() == '/' ||
                                                    source.path.find("**") != std::string::npos);
      if (!is_tree) continue;
      std::string folder = source.path.substr(0, source.path.find_first_of("*?["));
      folder = Absolute(config_.base_dir, folder.substr(0, folder.rfind('/') + 1));
      if (!IsWithin(path, folder)) continue;
      problems_->Add(ErrorCode::kBadValue, span,
                     "the source `" + source.name + "` would read this export as input");
    }
  }

  // The contract whose columns are all that the table will have; with `keep` only the data can
  // tell, as without a contract.
  const contract::Contract* FindDeclared(const std::string& table) const {
    for (const contract::Contract& contract : config_.contracts) {
      if (contract.name != table) continue;
      return contract.unknown_columns == contract::UnknownColumns::kKeep ? nullptr : &contract;
    }
    return nullptr;
  }

  // Null where only the data can tell, or where columns are wrong in themselves.
  std::shared_ptr<arrow::Schema> KnownSchema(const std::string& table) const {
    const contract::Contract* contract = FindDeclared(table);
    if (contract == nullptr || contract->columns.size() != DeclaredColumns(table).size()) {
      return nullptr;
    }
    for (const contract::Column& column : contract->columns) {
      if (column.type == nullptr) return nullptr;
    }
    return contract::StoredSchema(*contract);
  }

  // Empty where only the data can tell.
  std::vector<std::string> DeclaredNames(const std::string& table) const {
    return FindDeclared(table) == nullptr ? std::vector<std::string>() : DeclaredColumns(table);
  }

  // Columns that an export names must come out of what it publishes.
  void CheckColumns(const ConfigValue& value, const std::vector<std::string>& known,
                    const std::string& owner) {
    problems_->AddRepeated(value.Find("columns"));
    problems_->AddRepeated(value.Find("partition_by"));
    if (known.empty()) return;
    for (const char* key : {"columns", "partition_by"}) {
      const ConfigValue* list = value.Find(key);
      if (list == nullptr) continue;
      for (const ConfigValue& item : list->items) {
        if (std::find(known.begin(), known.end(), item.text) != known.end()) continue;
        problems_->Add(ErrorCode::kUnknownReference, item.span,
                       owner + " has no column `" + item.text + "`", DidYouMean(item.text, known));
      }
    }
  }

  // As written: columns that are wrong in themselves still exist.
  std::vector<std::string> DeclaredColumns(const std::string& table) const {
    std::vector<std::string> names;
    const ConfigValue* contract = Named("contract");
    if (const ConfigValue* contracts = Named("contracts")) contract = contracts->Find(table);
    const ConfigValue* columns = contract == nullptr ? nullptr : contract->Find("columns");
    if (columns == nullptr) return names;
    for (const auto& [name, value] : columns->members) names.push_back(name);
    return names;
  }

  const ConfigValue& root_;
  ConfigProblems* problems_;
  PipelineConfig config_;
  bool several_ = false, single_ = false;
  std::vector<std::string> tables_, source_names_;
  std::set<std::string> targets_;
  BuiltStages stages_;
};

}  // namespace

PipelineConfig BuildConfig(const ConfigValue& root, const std::string& base_dir,
                           std::shared_ptr<const op::Resources> resources,
                           ConfigProblems* problems) {
  return Build(root, base_dir, std::move(resources), problems).Run();
}

}  // namespace millrace::pipeline
