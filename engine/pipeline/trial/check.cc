// The verdict of a contract on a file, without a run: see millrace/onboarding.h.
#include <arrow/compute/initialize.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "contract/binding.h"
#include "io/object/store_url.h"
#include "millrace/onboarding.h"
#include "pipeline/dataset_rows.h"
#include "pipeline/input_files.h"
#include "pipeline/proposal/input_catalog.h"
#include "pipeline/table_contracts.h"
#include "pipeline/trial/contract_file.h"
#include "pipeline/trial/shown_reject.h"
#include "pipeline/trial/unique_keys.h"
#include "source/sniff_format.h"
#include "source/url_list.h"
#include "stage/chunk_task.h"

namespace millrace {
namespace pipeline {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kSamplesPerReason = 3;

std::string Quoted(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "`" : ", `") + name + '`';
  return out;
}

source::FormatOptions DefaultsOf(const std::string& format) {
  for (const source::FormatOptions& known : source::KnownFormats()) {
    if (source::FormatName(known) == format) return known;
  }
  return io::CsvOptions();
}

class Check {
 public:
  explicit Check(const CheckOptions& options) : options_(options) {}

  Result<CheckResult> Run() {
    ARROW_ASSIGN_OR_RAISE(loaded_, LoadContractFile(options_.contract, options_.params));
    ARROW_RETURN_NOT_OK(ChooseContract());
    ARROW_RETURN_NOT_OK(ChooseSource());
    ARROW_RETURN_NOT_OK(KeepColumns());
    sensitive_ = SensitiveColumnsOf(contract_);
    std::vector<std::string> unique;
    for (const contract::Column& column : contract_.columns) {
      if (column.unique) unique.push_back(column.name);
    }
    if (!unique.empty()) {
      ARROW_ASSIGN_OR_RAISE(unique_, UniqueKeys::Open(unique));
    }
    for (const io::FileInfo& file : files_.files) {
      if (ended_) break;
      starts_.push_back(position_);
      if (file.bytes > 0) ARROW_RETURN_NOT_OK(Read(file));
    }
    if (unique_ != nullptr && !ended_) {
      ARROW_RETURN_NOT_OK(unique_->Finish([&](int64_t position, size_t column, int64_t first) {
        AddDuplicate(position, unique[column], first);
      }));
    }
    return Finish();
  }

 private:
  struct Reason {
    int64_t rows = 0;
    Json samples = Json::array();
  };

  Status ChooseContract() {
    const std::vector<contract::Contract>& contracts = loaded_.config.contracts;
    std::vector<std::string> names;
    for (const contract::Contract& contract : contracts) names.push_back(contract.name);
    if (contracts.empty()) {
      return MakeError(ErrorCode::kMissingKey, "`" + options_.contract + "` declares no contract",
                       "`millrace init` proposes one for data");
    }
    if (options_.table.empty() && contracts.size() > 1) return ChooseBySource(names);
    const auto found = std::find_if(contracts.begin(), contracts.end(), [&](const auto& contract) {
      return options_.table.empty() || contract.name == options_.table;
    });
    if (found != contracts.end()) {
      contract_ = *found;
      return Status::OK();
    }
    const bool unnamed = names.size() == 1 && names[0].empty();
    return MakeError(ErrorCode::kUsage, "there is no contract `" + options_.table + "`",
                     unnamed ? "the contract has no name: leave out --table"
                             : "the contracts are " + Quoted(names));
  }

  // --source says which contract is meant, too.
  Status ChooseBySource(const std::vector<std::string>& names) {
    for (const SourceConfig& source : loaded_.config.sources) {
      if (options_.source.empty() || source.name != options_.source) continue;
      for (const contract::Contract& contract : loaded_.config.contracts) {
        if (contract.name != source.contract) continue;
        contract_ = contract;
        return Status::OK();
      }
    }
    return MakeError(ErrorCode::kUsage, "`" + options_.contract + "` has several contracts",
                     "say which: --table, one of " + Quoted(names));
  }

  Status ChooseSource() {
    std::vector<const SourceConfig*> sources;
    std::vector<std::string> names;
    for (const SourceConfig& source : loaded_.config.sources) {
      if (loaded_.is_config && source.contract != contract_.name) continue;
      sources.push_back(&source);
      names.push_back(source.name);
    }
    if (!options_.source.empty()) {
      const auto found = std::find(names.begin(), names.end(), options_.source);
      if (found == names.end()) {
        return MakeError(ErrorCode::kUsage, "the contract has no source `" + options_.source + "`",
                         names.empty() ? "leave out --source" : "its sources are " + Quoted(names));
      }
      return ReadAs(*sources[static_cast<size_t>(found - names.begin())]);
    }
    if (sources.empty()) return ReadAsItIs("");
    if (sources.size() == 1) return ReadAs(*sources[0]);
    const SourceConfig* only = nullptr;
    for (const SourceConfig* source : sources) {
      if (!loaded_.is_config || !Names(*source)) continue;
      if (only != nullptr) return WhichSource(names);
      only = source;
    }
    return only == nullptr ? WhichSource(names) : ReadAs(*only);
  }

  Status WhichSource(const std::vector<std::string>& names) const {
    return MakeError(ErrorCode::kUsage,
                     "`" + options_.file + "` may be read as any of several sources",
                     "say which: --source, one of " + Quoted(names));
  }

  // Whether the config reads this file as a file of the source.
  bool Names(const SourceConfig& source) const {
    if (source.rest || DatasetOf(source) != nullptr || io::IsUrl(options_.file) ||
        io::IsUrl(source.path)) {
      return source.path == options_.file;
    }
    const auto found =
        source::ExpandFiles(source.name, source.path, loaded_.config.base_dir, source.format);
    if (!found.ok()) return false;
    const std::string wanted = std::filesystem::absolute(options_.file).lexically_normal().string();
    return std::any_of(found->files.begin(), found->files.end(), [&](const io::FileInfo& file) {
      return found->store->LocalPath(file.key) == wanted;
    });
  }

  Status ReadAs(const SourceConfig& source) {
    if (!loaded_.is_config) return ReadAsItIs(source.name);
    if (source.rest) {
      return MakeError(
          ErrorCode::kUsage,
          "the source `" + source.name + "` is an API, and `" + options_.file + "` is a file",
          "put the contract into a file of its own");
    }
    limits_ = source.limits;
    // What stands in a file may become a dataset.
    if (DatasetOf(source) != nullptr) return ReadAsItIs(source.name);
    return Find(source.name, source.format);
  }

  Status Find(const std::string& name, const source::FormatOptions& format) {
    auto found = io::IsUrl(options_.file)
                     ? source::ExpandUrl(name, options_.file, loaded_.config.storage, format)
                     : source::ExpandFiles(name, options_.file,
                                           std::filesystem::current_path().string(), format);
    return std::move(found).Value(&files_);
  }

  // By the format that the file shows.
  Status ReadAsItIs(const std::string& name) {
    ARROW_ASSIGN_OR_RAISE(
        const InputCatalog catalog,
        CatalogInputs(
            {options_.file, std::filesystem::current_path().string(), loaded_.config.storage, {}}));
    std::vector<std::string> formats;
    for (const CatalogFile& file : catalog.files) {
      if (std::find(formats.begin(), formats.end(), file.format_name) == formats.end()) {
        formats.push_back(file.format_name);
      }
    }
    if (formats.size() > 1) {
      return MakeError(ErrorCode::kUsage, "`" + options_.file + "` holds files of several formats",
                       "check one file, or a pattern, at a time");
    }
    files_.name = name;
    files_.format = DefaultsOf(formats.front());
    if (const auto* xml =
            std::get_if<std::shared_ptr<const io::TextFormat>>(&catalog.files.front().format);
        xml != nullptr && formats.front() == "xml") {
      files_.format = *xml;
    }
    files_.store = catalog.store;
    for (const CatalogFile& file : catalog.files) files_.files.push_back(file.info);
    return Status::OK();
  }

  Status KeepColumns() {
    ARROW_ASSIGN_OR_RAISE(const auto binding, contract::Bind(contract_, files_.name));
    const std::vector<io::FieldRequest> wanted = binding->projection().fields;
    std::vector<std::string> names;
    for (const io::FileInfo& file : files_.files) {
      ARROW_ASSIGN_OR_RAISE(const auto schema, SchemaOfFile(files_, file, wanted));
      for (const std::string& name : contract::UnknownColumnsOf(contract_, files_.name, *schema)) {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
      }
    }
    unknown_ = names;
    if (contract_.unknown_columns == contract::UnknownColumns::kKeep) {
      contract_ = contract::WithKeptColumns(std::move(contract_), names);
    }
    return Status::OK();
  }

  Status Read(const io::FileInfo& file) {
    ARROW_ASSIGN_OR_RAISE(const auto binding, contract::Bind(contract_, files_.name));
    ARROW_ASSIGN_OR_RAISE(const source::OpenedFile opened,
                          source::OpenFile(files_, file, binding->projection()));
    const Status bound = binding->BindFile(*opened.reader->file_schema());
    if (!bound.ok()) return WithContext(bound, "`" + file.key + "`");
    stage::ChunkWork work;
    work.schema = binding->schema();
    work.sensitive = sensitive_;
    work.unique_columns = binding->unique_columns();
    while (!ended_) {
      ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<io::Chunk> chunk, opened.reader->Next());
      if (chunk == nullptr) break;
      ARROW_ASSIGN_OR_RAISE(const stage::ParsedChunk parsed,
                            stage::ParseChunk(*opened.reader, *binding, *chunk, work));
      ARROW_RETURN_NOT_OK(Add(parsed));
    }
    return Status::OK();
  }

  Status Add(const stage::ParsedChunk& parsed) {
    if (parsed.failure) {
      ended_ = true;
      AddReject(*parsed.failure, position_ + parsed.failure->record);
      read_ = position_ + parsed.failure->record + 1;
      return Status::OK();
    }
    for (const Reject& reject : parsed.rejects) AddReject(reject, position_ + reject.record);
    for (const contract::NulledValues& nulled : parsed.nulled) {
      nulled_[{contract_.columns[static_cast<size_t>(nulled.column)].name, nulled.rule}] +=
          nulled.rows;
    }
    if (unique_ != nullptr) ARROW_RETURN_NOT_OK(unique_->Add(parsed, position_));
    position_ += parsed.records;
    read_ = position_;
    return Status::OK();
  }

  void AddReject(const Reject& reject, int64_t position) {
    ++rejected_;
    Reason& reason = reasons_[{reject.rule, reject.column}];
    ++reason.rows;
    if (reason.samples.size() >= kSamplesPerReason) return;
    Json sample = ShownReject(reject, sensitive_);
    sample.erase("rule");
    sample.erase("column");
    Json placed = {{"row", PlaceOf(position)}};
    if (reject.byte_offset >= 0) placed["byte_offset"] = reject.byte_offset;
    placed.update(sample);
    reason.samples.push_back(std::move(placed));
  }

  void AddDuplicate(int64_t position, const std::string& column, int64_t first) {
    Reject reject;
    reject.rule = "unique.duplicate";
    reject.column = column;
    reject.threshold = PlaceOf(first);
    reject.message = "duplicates row " + reject.threshold;
    AddReject(reject, position);
  }

  // "orders.csv#12": the file and the record in it, from 0, as in row ids.
  std::string PlaceOf(int64_t position) const {
    size_t file = 0;
    while (file + 1 < starts_.size() && starts_[file + 1] <= position) ++file;
    return files_.files[file].key + "#" + std::to_string(position - starts_[file]);
  }

  std::string Verdict() const {
    if (ended_) return "rejected";
    if (rejected_ == 0) return "accepted";
    if (!limits_.max_rejects && !limits_.max_reject_fraction) return "rejected";
    const bool many = limits_.max_rejects && rejected_ > *limits_.max_rejects;
    const bool share =
        limits_.max_reject_fraction &&
        static_cast<double>(rejected_) > *limits_.max_reject_fraction * static_cast<double>(read_);
    return many || share ? "rejected" : "within_limits";
  }

  Result<CheckResult> Finish() {
    CheckResult result;
    result.rows_read = read_;
    result.rows_rejected = rejected_;
    result.rows_accepted = read_ - rejected_;
    result.verdict = Verdict();
    Json reasons = Json::array(), nulled = Json::array(), limits = Json::object();
    std::vector<std::pair<std::pair<std::string, std::string>, Reason*>> sorted;
    for (auto& [key, reason] : reasons_) sorted.emplace_back(key, &reason);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return a.second->rows > b.second->rows; });
    for (auto& [key, reason] : sorted) {
      reasons.push_back({{"rows", reason->rows},
                         {"rule", key.first},
                         {"column", key.second},
                         {"samples", std::move(reason->samples)}});
    }
    for (const auto& [key, values] : nulled_) {
      nulled.push_back({{"values", values}, {"column", key.first}, {"rule", key.second}});
    }
    if (limits_.max_rejects) limits["max_rejects"] = *limits_.max_rejects;
    if (limits_.max_reject_fraction) limits["max_reject_fraction"] = *limits_.max_reject_fraction;
    const Json json = {{"file", options_.file},
                       {"type", std::string(source::FormatName(files_.format))},
                       {"table", contract_.name},
                       {"contract_version", contract_.version},
                       {"source", files_.name},
                       {"files", files_.files.size()},
                       {"verdict", result.verdict},
                       {"rows",
                        {{"read", result.rows_read},
                         {"accepted", result.rows_accepted},
                         {"rejected", result.rows_rejected}}},
                       {"ended_early", ended_},
                       {"limits", std::move(limits)},
                       {"rejects", std::move(reasons)},
                       {"nulled", std::move(nulled)},
                       {"unknown_columns", unknown_}};
    result.json = json.dump(2, ' ', false, Json::error_handler_t::replace);
    return result;
  }

  const CheckOptions& options_;
  ContractFile loaded_;
  contract::Contract contract_;
  contract::RejectLimits limits_;
  source::FileSource files_;
  std::set<std::string> sensitive_;
  std::vector<std::string> unknown_;
  std::unique_ptr<UniqueKeys> unique_;
  std::vector<int64_t> starts_;  // position of the first record of each file
  int64_t position_ = 0, read_ = 0, rejected_ = 0;
  bool ended_ = false;  // by a rule with on_error: fail
  std::map<std::pair<std::string, std::string>, Reason> reasons_;
  std::map<std::pair<std::string, std::string>, int64_t> nulled_;
};

}  // namespace
}  // namespace pipeline

Result<CheckResult> CheckFile(const CheckOptions& options) {
  ARROW_RETURN_NOT_OK(arrow::compute::Initialize());
  return pipeline::Check(options).Run();
}

}  // namespace millrace
