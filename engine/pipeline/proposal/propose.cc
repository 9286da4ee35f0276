// From a path to a config that was loaded and validated: see millrace/onboarding.h.
#include <arrow/compute/initialize.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "io/object/store_url.h"
#include "millrace/onboarding.h"
#include "pipeline/column_check.h"
#include "pipeline/config/loader.h"
#include "pipeline/config/tree.h"
#include "pipeline/file_sample.h"
#include "pipeline/input_files.h"
#include "pipeline/proposal/proposal_yaml.h"
#include "pipeline/table_contracts.h"

namespace millrace {
namespace pipeline {
namespace {

namespace fs = std::filesystem;

constexpr size_t kFilesSampled = 16;
constexpr int64_t kBytesSampled = 64 << 20;  // of all tables together
constexpr int64_t kBytesPerFileMax = 8 << 20, kBytesPerFileMin = 256 << 10;
constexpr int64_t kParquetRowsSampled = 10'000;

std::string OriginOf(const std::string& url) {
  const size_t host = url.find("://") + 3;
  return url.substr(0, std::min(url.find_first_of("/?", host), url.size()));
}

class Proposing {
 public:
  explicit Proposing(const ProposeOptions& options) : options_(options) {}

  Result<Proposal> Run() {
    const fs::path out = fs::absolute(options_.out).lexically_normal();
    base_dir_ = out.parent_path().string();
    place_.path = options_.from;
    place_.base = fs::current_path().string();
    place_.except = {out.string(), (out.parent_path() / "workspace").string(),
                     (out.parent_path() / "out").string()};
    ARROW_RETURN_NOT_OK(Catalog());
    ARROW_ASSIGN_OR_RAISE(groups_, GroupFiles(catalog_, base_dir_, place_.storage));
    config_.from = options_.from;
    config_.name = options_.name.empty() ? DefaultName() : options_.name;
    config_.storage = place_.storage.entries;
    config_.left_out = catalog_.left_out;
    for (FileGroup& group : groups_) ARROW_RETURN_NOT_OK(AddTable(group));
    std::string yaml = ProposalYaml(config_, /*notes=*/true);
    if (yaml.size() > kConfigBytesMax) yaml = ProposalYaml(config_, /*notes=*/false);
    ARROW_RETURN_NOT_OK(Verify(yaml));
    return Finish(std::move(yaml));
  }

 private:
  // How the place is reached is a part of the proposal.
  Status Catalog() {
    if (!io::IsUrl(place_.path)) return CatalogInputs(place_).Value(&catalog_);
    ARROW_ASSIGN_OR_RAISE(const io::StoreUrl url, io::ParseStoreUrl(place_.path));
    if (url.kind == io::StoreKind::kHttp) {
      io::StorageEntry entry;
      entry.name = "web";
      entry.url = OriginOf(place_.path);
      entry.allow_http = url.scheme == "http";
      entry.allow_private_addresses = options_.allow_private_addresses;
      if (entry.allow_http || entry.allow_private_addresses) place_.storage.entries = {entry};
      return OfWebServer(CatalogInputs(place_).Value(&catalog_));
    }
    const Status status = CatalogInputs(place_).Value(&catalog_);
    if (status.ok() || CodeOf(status) != ErrorCode::kPermissionDenied) return status;
    // What everybody may read wants no credentials.
    io::StorageEntry entry;
    entry.name = "public";
    entry.url = OriginOf(place_.path);
    entry.anonymous = true;
    place_.storage.entries = {entry};
    if (CatalogInputs(place_).Value(&catalog_).ok()) return Status::OK();
    return status;
  }

  // What the config would have to say is said to `init` by an option.
  static Status OfWebServer(const Status& status) {
    if (status.ok() || status.IsCancelled()) return status;
    std::vector<Diagnostic> diagnostics = DiagnosticsOf(status);
    for (Diagnostic& d : diagnostics) {
      if (d.suggestion.find("allow_private_addresses") == std::string::npos) continue;
      d.suggestion = "--allow-private-addresses says that this host is meant";
    }
    return MakeError(std::move(diagnostics));
  }

  std::string DefaultName() const {
    std::string path = options_.from.substr(0, options_.from.find('?'));
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    const std::string last = fs::path(path).filename().string();
    const std::string stem = last.substr(0, last.find('.', 1));
    const std::string folder = fs::path(catalog_.root).filename().string();
    return AsName(stem, AsName(folder, groups_.front().name));
  }

  Status AddTable(FileGroup& group) {
    if (group.paths.empty()) {
      for (const CatalogFile* file : group.files) {
        config_.left_out.push_back({file->info.key, "its name cannot be written in a config"});
      }
      return Status::OK();
    }
    ProposedTable table;
    table.group = &group;
    for (const CatalogFile* file : group.files) {
      table.confidence = std::min(table.confidence, file->confidence);
    }
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
    const size_t picks = std::min(group.files.size(), kFilesSampled);
    const int64_t per_file =
        std::clamp(kBytesSampled / static_cast<int64_t>(groups_.size() * picks), kBytesPerFileMin,
                   kBytesPerFileMax);
    table.rows_whole = picks == group.files.size();
    for (size_t i = 0; i < picks; ++i) {
      const CatalogFile& file = *group.files[i * group.files.size() / picks];
      source::FileSource source;
      source.name = group.name;
      source.store = catalog_.store;
      source.format = file.format;
      if (auto* parquet = std::get_if<io::ParquetReadOptions>(&source.format)) {
        parquet->rows_per_chunk = kParquetRowsSampled;
      }
      ARROW_ASSIGN_OR_RAISE(const FileSample sample, SampleFile(source, file.info, per_file));
      table.rows_whole = table.rows_whole && (sample.whole || IsAllOfParquet(source, file, sample));
      table.rows_seen += sample.records;
      ++table.files_seen;
      if (sample.batches.empty()) batches.push_back(NoRows(*sample.schema));
      batches.insert(batches.end(), sample.batches.begin(), sample.batches.end());
    }
    const bool json = group.files.front()->format_name == "jsonl";
    ARROW_ASSIGN_OR_RAISE(table.columns, CollectFacts(batches, json));
    config_.tables.push_back(std::move(table));
    return Status::OK();
  }

  // A sample of Parquet ends with its first chunk, whether more follow or not.
  static bool IsAllOfParquet(const source::FileSource& source, const CatalogFile& file,
                             const FileSample& sample) {
    if (file.format_name != "parquet") return false;
    auto opened = source.store->OpenForRead(file.info.key);
    if (!opened.ok()) return false;
    const auto groups = io::ListRowGroups(*std::move(opened));
    if (!groups.ok()) return false;
    int64_t rows = 0;
    for (const io::RowGroupInfo& group : *groups) rows += group.rows;
    return rows == sample.records;
  }

  static std::shared_ptr<arrow::RecordBatch> NoRows(const arrow::Schema& schema) {
    arrow::ArrayVector columns;
    for (const auto& field : schema.fields()) {
      columns.push_back(arrow::MakeEmptyArray(field->type()).ValueOrDie());
    }
    return arrow::RecordBatch::Make(arrow::schema(schema.fields()), 0, std::move(columns));
  }

  // A proposal that does not hold is worse than none.
  Status Verify(const std::string& yaml) const {
    if (config_.tables.empty()) {
      return MakeError(ErrorCode::kUnreadablePath,
                       "there is nothing in `" + options_.from + "` that a config can name");
    }
    const auto config = ParseConfig(yaml, options_.out, base_dir_, {});
    if (!config.ok()) return Doubtful(config.status());
    const auto inputs = FindInputFiles(*config);
    if (!inputs.ok()) return Doubtful(inputs.status());
    const auto tables = ResolveContracts(*config, *inputs);
    if (!tables.ok()) return Doubtful(tables.status());
    const Status columns = CheckColumns(*config, *inputs, *tables);
    return columns.ok() ? columns : Doubtful(columns);
  }

  static Status Doubtful(const Status& status) {
    if (status.IsCancelled() || KindOf(status) == ErrorKind::kEnvironment) return status;
    std::vector<Diagnostic> diagnostics = DiagnosticsOf(status);
    // The places are in a text that nobody has.
    for (Diagnostic& d : diagnostics) {
      d.span = SourceSpan();
      d.source_line.clear();
      d.message = "no config was found that reads this data: " + d.message;
    }
    return MakeError(std::move(diagnostics));
  }

  Proposal Finish(std::string yaml) const {
    Proposal proposal;
    proposal.yaml = std::move(yaml);
    proposal.name = config_.name;
    for (const ProposedTable& table : config_.tables) {
      const FileGroup& group = *table.group;
      int64_t bytes = 0;
      for (const CatalogFile* file : group.files) bytes += file->info.bytes;
      for (size_t i = 0; i < group.paths.size(); ++i) {
        proposal.sources.push_back(
            {SourceName(group, i), group.files.front()->format_name, group.paths[i], group.name,
             static_cast<int64_t>(group.files.size()), bytes, table.confidence});
      }
      for (const ColumnFacts& column : table.columns) {
        proposal.columns.push_back({group.name, column.column.name, column.column.type_text,
                                    column.column.sensitive, column.sensitive_reason,
                                    OpenQuestions(column)});
      }
    }
    for (const auto& left_out : config_.left_out) {
      proposal.left_out.push_back({left_out.key, left_out.why});
    }
    return proposal;
  }

  const ProposeOptions& options_;
  std::string base_dir_;
  InputPlace place_;
  InputCatalog catalog_;
  std::vector<FileGroup> groups_;
  ProposedConfig config_;
};

}  // namespace
}  // namespace pipeline

Result<Proposal> ProposePipeline(const ProposeOptions& options) {
  ARROW_RETURN_NOT_OK(arrow::compute::Initialize());
  return pipeline::Proposing(options).Run();
}

std::string Proposal::ToJson() const {
  nlohmann::ordered_json json = {{"name", name},
                                 {"sources", nlohmann::ordered_json::array()},
                                 {"columns", nlohmann::ordered_json::array()},
                                 {"left_out", nlohmann::ordered_json::array()}};
  for (const Source& s : sources) {
    json["sources"].push_back({{"name", s.name},
                               {"type", s.type},
                               {"path", s.path},
                               {"table", s.table},
                               {"files", s.files},
                               {"bytes", s.bytes},
                               {"confidence", std::round(s.confidence * 100) / 100}});
  }
  for (const Column& c : columns) {
    nlohmann::ordered_json item = {
        {"table", c.table}, {"name", c.name}, {"type", c.type}, {"sensitive", c.sensitive}};
    if (c.sensitive) item["reason"] = c.reason;
    item["open"] = c.open;
    json["columns"].push_back(std::move(item));
  }
  for (const LeftOut& l : left_out) json["left_out"].push_back({{"file", l.file}, {"why", l.why}});
  json["config"] = yaml;
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

Status WriteProposal(const Proposal& proposal, const std::string& path, bool overwrite) {
  const std::filesystem::path whole = std::filesystem::absolute(path).lexically_normal();
  const auto store = io::MakeLocalStore(whole.parent_path().string());
  const std::string key = whole.filename().string();
  if (overwrite) return store->Replace(key, proposal.yaml);
  ARROW_ASSIGN_OR_RAISE(const io::PutResult put, store->PutIfAbsent(key, proposal.yaml));
  if (put == io::PutResult::kCreated) return Status::OK();
  return MakeError(ErrorCode::kBadValue, "there is a file `" + path + "` already",
                   "--force replaces it, --out names another");
}

}  // namespace millrace
