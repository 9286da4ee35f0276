#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>

#include "base/reserved_columns.h"
#include "base/sha256.h"
#include "export/columns.h"
#include "export/export.h"
#include "export/parts.h"
#include "export/release_json.h"
#include "export/row_stream.h"
#include "io/parquet/shard_writer.h"

namespace millrace::exporting {
namespace {

class ReleaseWriter {
 public:
  ReleaseWriter(const ExportInput& input, const ExportOptions& options,
                std::shared_ptr<io::Store> target, TaskPool* pool)
      : input_(input), options_(options), target_(std::move(target)), pool_(pool) {
    release_.export_name = options.name;
    release_.release_id = ReleaseIdOf(input, options);
    folder_ = release_.release_id + "/";
  }

  Result<Release> Run() {
    ARROW_ASSIGN_OR_RAISE(const std::optional<Latest> latest, ReadLatest());
    if (latest && latest->release_id != release_.release_id && !options_.overwrite) {
      return MakeError(ErrorCode::kReleaseExists,
                       "the export \"" + options_.name + "\" would replace the release " +
                           latest->release_id + " in " + target_->Describe(),
                       "set `overwrite: true` to add a release beside it, or give another path");
    }
    ARROW_ASSIGN_OR_RAISE(release_.existed, FindExisting());
    if (!release_.existed) ARROW_RETURN_NOT_OK(WriteAll());
    release_.manifest_sha256 = Sha256Hex(manifest_);
    if (latest) {
      const bool is_this = latest->release_id == release_.release_id;
      release_.previous = is_this ? latest->previous : latest->release_id;
    }
    ARROW_RETURN_NOT_OK(PointLatestHere(latest));
    ARROW_RETURN_NOT_OK(io::RemoveLitter(*target_, ""));
    return release_;
  }

 private:
  std::string ManifestKey() const { return folder_ + kReleaseManifestName; }

  Result<std::optional<Latest>> ReadLatest() {
    ARROW_ASSIGN_OR_RAISE(bool there, target_->Exists(kLatestName));
    if (!there) return std::nullopt;
    ARROW_ASSIGN_OR_RAISE(std::string json, target_->ReadSmall(kLatestName));
    ARROW_ASSIGN_OR_RAISE(Latest latest, ParseLatest(json));
    return latest;
  }

  // The manifest comes last, so where it stands the files were complete; someone may have removed
  // some of them since.
  Result<bool> FindExisting() {
    ARROW_ASSIGN_OR_RAISE(bool there, target_->Exists(ManifestKey()));
    if (!there) return false;
    ARROW_ASSIGN_OR_RAISE(manifest_, target_->ReadSmall(ManifestKey()));
    Result<Release> parsed = ParseReleaseManifest(manifest_);
    if (!parsed.ok() || parsed->release_id != release_.release_id) return false;
    std::vector<io::DataFile> files = parsed->files;
    if (!parsed->reject_file.path.empty()) files.push_back(parsed->reject_file);
    for (const io::DataFile& file : files) {
      ARROW_ASSIGN_OR_RAISE(bool file_there, target_->Exists(folder_ + file.path));
      if (!file_there) return false;
      ARROW_ASSIGN_OR_RAISE(io::FileInfo info, target_->Stat(folder_ + file.path));
      if (info.bytes != file.bytes) return false;
    }
    release_ = *parsed;
    return true;
  }

  Status WriteAll() {
    ARROW_RETURN_NOT_OK(CheckShards(input_));
    ARROW_ASSIGN_OR_RAISE(auto schema, SchemaOfInput(input_));
    if (options_.format == Format::kPrompts) {
      ARROW_RETURN_NOT_OK(
          WritePromptParts(input_, options_, schema, {target_, folder_, pool_}, &release_));
    } else {
      ARROW_ASSIGN_OR_RAISE(ColumnChoice columns, ChooseColumns(schema, options_));
      ARROW_RETURN_NOT_OK(CheckPartitionColumns(*schema));
      ARROW_RETURN_NOT_OK(WriteFiles(columns));
    }
    int64_t rows_in = 0;
    for (const io::DataFile& shard : input_.shards) rows_in += shard.rows;
    for (const io::DataFile& file : release_.files) release_.rows += file.rows;
    if (release_.rows + release_.rows_rejected() != rows_in) {
      return MakeError(ErrorCode::kRowEquation, "the export \"" + options_.name + "\" wrote " +
                                                    std::to_string(release_.rows) +
                                                    " and rejected " +
                                                    std::to_string(release_.rows_rejected()) +
                                                    " of " + std::to_string(rows_in) + " rows");
    }
    manifest_ = ReleaseManifestJson(release_, input_, options_);
    return target_->Replace(ManifestKey(), manifest_);
  }

  Status CheckPartitionColumns(const arrow::Schema& schema) {
    for (const std::string& name : options_.partition_by) {
      if (schema.GetFieldIndex(name) >= 0) continue;
      return MakeError(ErrorCode::kMissingColumn,
                       "the export \"" + options_.name + "\" partitions by \"" + name +
                           "\", which the rows do not have",
                       DidYouMean(name, schema.field_names()));
    }
    return Status::OK();
  }

  Status WriteFiles(const ColumnChoice& columns) {
    const PartTarget target{target_, folder_, pool_};
    if (options_.format == Format::kJsonl) {
      return WriteJsonlParts(input_, options_, columns, target, &release_.non_finite_as_null)
          .Value(&release_.files);
    }
    if (!options_.partition_by.empty()) {
      return WritePartitions(input_, options_, columns, target).Value(&release_.files);
    }
    if (CanLink(columns)) return LinkShards();
    return WriteParquetParts(input_, options_, columns, target).Value(&release_.files);
  }

  // The stage's shards are what the export would write: same rows, columns, cuts and encoding.
  bool CanLink(const ColumnChoice& columns) const {
    const io::ShardWriterOptions stage;
    if (!columns.unchanged || input_.shards.empty() ||
        options_.rows_per_row_group != stage.rows_per_row_group ||
        options_.compression_level != stage.compression_level) {
      return false;
    }
    const std::vector<int64_t> parts = RowsOfParts(input_, options_);
    if (parts.size() != input_.shards.size()) return false;
    for (size_t i = 0; i < parts.size(); ++i) {
      if (parts[i] != input_.shards[i].rows) return false;
    }
    return true;
  }

  Status LinkShards() {
    for (const io::DataFile& shard : input_.shards) {
      io::DataFile file = shard;
      file.path = PartName(release_.files.size()) + ".parquet";
      ARROW_RETURN_NOT_OK(input_.store->LinkOrCopy(shard.path, *target_, folder_ + file.path));
      release_.files.push_back(std::move(file));
    }
    release_.linked = true;
    return Status::OK();
  }

  Status PointLatestHere(const std::optional<Latest>& latest) {
    if (!latest || latest->release_id != release_.release_id) {
      ARROW_RETURN_NOT_OK(target_->Replace(
          kLatestName, LatestJson({release_.release_id, release_.previous}, manifest_)));
    }
    return MoveSymlink();
  }

  // A convenience for people and globs where there is a file system; LATEST.json is what counts.
  Status MoveSymlink() {
    const std::string path = target_->LocalPath("latest");
    if (path.empty()) return Status::OK();
    std::error_code ignored;
    const auto now = std::filesystem::read_symlink(path, ignored);
    if (!ignored && now == release_.release_id) return Status::OK();
    const std::string aside = path + ".tmp-" + std::to_string(::getpid());
    ::unlink(aside.c_str());
    if (::symlink(release_.release_id.c_str(), aside.c_str()) != 0) {
      return ErrnoError(errno, "making the symlink " + path);
    }
    if (::rename(aside.c_str(), path.c_str()) != 0) {
      const Status failed = ErrnoError(errno, "moving the symlink " + path);
      ::unlink(aside.c_str());
      return failed;
    }
    return Status::OK();
  }

  const ExportInput& input_;
  const ExportOptions& options_;
  std::shared_ptr<io::Store> target_;
  TaskPool* pool_;
  std::string folder_, manifest_;
  Release release_;
};

}  // namespace

Result<Release> WriteRelease(const ExportInput& input, const ExportOptions& options,
                             std::shared_ptr<io::Store> target, TaskPool* pool) {
  return ReleaseWriter(input, options, std::move(target), pool).Run();
}

}  // namespace millrace::exporting
