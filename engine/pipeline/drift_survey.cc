#include "pipeline/drift_survey.h"

#include <arrow/api.h>

#include <algorithm>
#include <set>

#include "contract/binding.h"
#include "contract/infer.h"
#include "pipeline/file_sample.h"
#include "source/sniff_format.h"

namespace millrace::pipeline {
namespace {

using contract::ColumnShape;
using contract::Drift;
using contract::DriftKind;
using contract::Shape;

constexpr size_t kFilesMax = 16;
constexpr int64_t kBytesSampled = 64 << 10;
constexpr size_t kValuesMax = 12, kValueBytesMax = 64;
constexpr int64_t kRowsForValues = 50;  // fewer rows do not show that a column has few values

std::string FirstPart(const std::string& path) { return path.substr(0, path.find_first_of(".[")); }

/// Which columns of a source's files the contract reads, and whose values may be shown.
class Interest {
 public:
  static Result<Interest> In(const contract::Contract& contract, const std::string& source) {
    Interest interest;
    interest.all_ = contract.inferred;
    ARROW_ASSIGN_OR_RAISE(const auto binding, contract::Bind(contract, source));
    for (const io::FieldRequest& field : binding->projection().fields) {
      interest.used_.insert(field.path);
      interest.used_.insert(FirstPart(field.path));
    }
    for (const contract::Column& column : contract.columns) {
      if (!column.sensitive) continue;
      const contract::ColumnFrom* from = contract::FromOf(column, source);
      if (from != nullptr && !from->expression.empty()) interest.values_ = false;
      const std::string path = from == nullptr || from->path.empty() ? column.name : from->path;
      interest.sensitive_.insert(path);
      interest.sensitive_.insert(FirstPart(path));
    }
    return interest;
  }

  bool Used(const std::string& name) const { return all_ || used_.count(name) > 0; }
  bool Sensitive(const std::string& name) const { return sensitive_.count(name) > 0; }
  bool MayShow(const std::string& name) const { return values_ && Used(name) && !Sensitive(name); }

 private:
  bool all_ = false, values_ = true;
  std::set<std::string> used_, sensitive_;
};

/// "99/99/9999" of "24/11/2026"; "" of what is not digits between separators.
std::string PatternOf(std::string_view text) {
  if (text.size() > 40) return "";
  std::string pattern;
  int digits = 0, separators = 0;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    const bool separator = std::string_view("/-:.").find(c) != std::string_view::npos;
    if (!digit && !separator && std::string_view(" TZ+").find(c) == std::string_view::npos) {
      return "";
    }
    digits += digit ? 1 : 0;
    separators += separator ? 1 : 0;
    pattern += digit ? '9' : c;
  }
  return digits >= 4 && separators >= 2 ? pattern : "";
}

/// What the texts of one column have in common.
class TextEvidence {
 public:
  void Add(const arrow::StringArray& texts) {
    for (int64_t row = 0; row < texts.length(); ++row) {
      if (texts.IsNull(row)) continue;
      const std::string_view text = texts.GetView(row);
      ++rows_;
      const std::string pattern = PatternOf(text);
      if (rows_ == 1) pattern_ = pattern;
      if (pattern != pattern_) pattern_.clear();
      if (values_.size() > kValuesMax) continue;
      if (text.size() > kValueBytesMax) many_ = true;
      values_.emplace(text);
    }
  }
  int64_t rows() const { return rows_; }
  const std::string& pattern() const { return pattern_; }
  std::vector<std::string> FewValues() const {
    const bool few = !many_ && values_.size() <= kValuesMax && rows_ >= kRowsForValues &&
                     static_cast<int64_t>(values_.size()) * 4 <= rows_;
    if (!few) return {};
    return {values_.begin(), values_.end()};
  }

 private:
  int64_t rows_ = 0;
  std::string pattern_;
  std::set<std::string> values_;
  bool many_ = false;
};

using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

/// `names`: the columns that are there, also where no row shows a value.
Result<std::vector<ColumnShape>> ShapeColumns(const std::vector<std::string>& names,
                                              const Batches& batches, const Interest& interest,
                                              bool with_values) {
  ARROW_ASSIGN_OR_RAISE(const contract::Contract inferred, contract::InferContract(batches));
  std::vector<ColumnShape> columns;
  for (const std::string& name : names) {
    ColumnShape shape;
    shape.name = name;
    TextEvidence texts;
    bool seen = false;
    for (const auto& batch : batches) {
      const auto values = batch->GetColumnByName(name);
      if (values == nullptr || values->null_count() == values->length()) continue;
      seen = true;
      if (values->type_id() != arrow::Type::STRING) continue;
      texts.Add(static_cast<const arrow::StringArray&>(*values));
    }
    if (seen && interest.Used(name)) {
      for (const contract::Column& column : inferred.columns) {
        if (column.name == name) shape.type = column.type_text;
      }
      if (!interest.Sensitive(name)) shape.pattern = texts.pattern();
      const bool show = with_values && interest.MayShow(name) && shape.type == "string";
      if (show) shape.values = texts.FewValues();
    }
    columns.push_back(std::move(shape));
  }
  return columns;
}

std::string CharText(char c) { return c == '\0' ? "none" : c == '\t' ? "tab" : std::string(1, c); }

std::string QuotedText(const std::string& text) { return text == "\t" ? "tab" : text; }

std::string EncodingText(const io::ReadAs& read_as) {
  return read_as.encoding + (read_as.bom ? " with a byte order mark" : "");
}

Result<std::string> DialectOf(const source::FileSource& source, const io::FileInfo& file) {
  if (!std::holds_alternative<io::CsvOptions>(source.format)) return "";
  ARROW_ASSIGN_OR_RAISE(const io::SniffedCsv sniffed, source::SniffDialect(source, file));
  const io::CsvDialect& dialect = sniffed.dialect;
  return "delimiter " + QuotedText(dialect.delimiter) + ", quote " + CharText(dialect.quote) +
         (dialect.header() ? ", header" : ", no header");
}

/// Chunks as small as the sample: their size never changes the result.
source::FileSource ForSampling(const source::FileSource& source) {
  source::FileSource sampled = source;
  if (auto* csv = std::get_if<io::CsvOptions>(&sampled.format)) csv->chunk_bytes = kBytesSampled;
  if (auto* json = std::get_if<io::JsonlOptions>(&sampled.format)) {
    json->chunk_bytes = kBytesSampled;
  }
  return sampled;
}

Result<SourceShapes> SurveySourceShapes(const source::FileSource& original,
                                        const Interest& interest) {
  const source::FileSource source = ForSampling(original);
  std::vector<const io::FileInfo*> filled;
  for (const io::FileInfo& file : source.files) {
    if (file.bytes > 0) filled.push_back(&file);
  }
  SourceShapes shapes;
  Batches all;
  std::vector<std::string> all_names;
  const size_t picks = std::min(filled.size(), kFilesMax);
  for (size_t i = 0; i < picks; ++i) {
    const io::FileInfo& file = *filled[i * filled.size() / picks];
    // A file that cannot be read is told about by those who read it to its end.
    const Result<FileSample> sample = SampleFile(source, file, kBytesSampled);
    if (!sample.ok() || sample->schema->num_fields() == 0) continue;
    Shape shape;
    shape.encoding = EncodingText(sample->read_as);
    ARROW_ASSIGN_OR_RAISE(shape.dialect, DialectOf(source, file));
    const std::vector<std::string> names = sample->schema->field_names();
    for (const std::string& name : names) {
      if (std::find(all_names.begin(), all_names.end(), name) == all_names.end()) {
        all_names.push_back(name);
      }
    }
    ARROW_ASSIGN_OR_RAISE(shape.columns, ShapeColumns(names, sample->batches, interest, false));
    if (shapes.files.empty()) shapes.whole = shape;
    all.insert(all.end(), sample->batches.begin(), sample->batches.end());
    shapes.files.emplace_back(file.key, std::move(shape));
  }
  ARROW_ASSIGN_OR_RAISE(shapes.whole.columns, ShapeColumns(all_names, all, interest, true));
  return shapes;
}

contract::DriftPolicy PolicyOf(const PipelineConfig& config, const std::string& table) {
  const auto found = config.drift.find(table);
  return found == config.drift.end() ? contract::DriftPolicy() : found->second;
}

ErrorCode CodeOfDrift(DriftKind kind) {
  if (kind == DriftKind::kColumnAdded) return ErrorCode::kUnknownColumn;
  if (kind == DriftKind::kColumnRemoved) return ErrorCode::kMissingColumn;
  return ErrorCode::kColumnFailed;
}

/// Gives `found` its policy and place; what is allowed is left out.
void Take(std::vector<Drift> found, const contract::DriftPolicy& policy, const std::string& source,
          const std::string& file, const std::string& against, std::vector<Drift>* drifts) {
  for (Drift& drift : found) {
    drift.action = policy.Of(drift.kind);
    if (drift.action == contract::DriftAction::kAllow) continue;
    drift.source = source;
    drift.file = file;
    drift.against = against;
    drifts->push_back(std::move(drift));
  }
}

}  // namespace

Result<std::vector<SourceShapes>> SurveyShapes(const PipelineConfig& config,
                                               const InputFiles& inputs,
                                               const TableContracts& tables) {
  std::vector<SourceShapes> shapes;
  for (size_t i = 0; i < inputs.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(const Interest interest,
                          Interest::In(tables.OfSource(i), config.sources[i].name));
    ARROW_ASSIGN_OR_RAISE(shapes.emplace_back(), SurveySourceShapes(inputs[i], interest));
  }
  return shapes;
}

std::vector<Drift> DriftBetweenFiles(const PipelineConfig& config, const InputFiles& inputs,
                                     const std::vector<SourceShapes>& shapes) {
  std::vector<Drift> drifts;
  for (size_t i = 0; i < shapes.size(); ++i) {
    const auto& files = shapes[i].files;
    const contract::DriftPolicy policy = PolicyOf(config, config.sources[i].contract);
    const bool vary = source::ColumnsVary(inputs[i].format);
    for (size_t k = 1; k < files.size(); ++k) {
      std::vector<Drift> found = contract::CompareShapes(files[0].second, files[k].second);
      // Where a record may lack any column, the beginning of a file does not show which it has.
      found.erase(std::remove_if(found.begin(), found.end(),
                                 [vary](const Drift& drift) {
                                   return vary && (drift.kind == DriftKind::kColumnAdded ||
                                                   drift.kind == DriftKind::kColumnRemoved);
                                 }),
                  found.end());
      Take(std::move(found), policy, config.sources[i].name, files[k].first, files[0].first,
           &drifts);
    }
  }
  return drifts;
}

std::vector<Drift> DriftSince(const LastShapes& last, const PipelineConfig& config,
                              const std::vector<SourceShapes>& shapes) {
  std::vector<Drift> drifts;
  for (size_t i = 0; i < shapes.size(); ++i) {
    const SourceConfig& source = config.sources[i];
    for (const auto& [name, shape] : last.sources) {
      if (name != source.name || shapes[i].files.empty()) continue;
      Take(contract::CompareShapes(shape, shapes[i].whole), PolicyOf(config, source.contract),
           source.name, "", "", &drifts);
    }
  }
  return drifts;
}

std::vector<Drift> DriftOfProfiles(const LastShapes& last, const PipelineConfig& config,
                                   const std::vector<stage::Manifest>& manifests) {
  std::vector<Drift> drifts;
  for (const stage::Manifest& manifest : manifests) {
    std::vector<Drift> found;
    for (const auto& [table, columns] : last.tables) {
      if (table != manifest.table) continue;
      for (const stage::ColumnProfile& before : columns) {
        for (const stage::ColumnProfile& after : manifest.profiles) {
          if (after.name != before.name || before.rows == 0) continue;
          Drift drift;
          drift.column = after.name;
          if (before.nulls == 0 && after.nulls > 0) {
            drift.kind = DriftKind::kNullability;
            drift.before = "no nulls";
            drift.after = std::to_string(after.nulls) + " of " + std::to_string(after.rows);
            found.push_back(drift);
          }
          const auto few = static_cast<int64_t>(kValuesMax);
          if (before.distinct_estimate > 0 && before.distinct_estimate <= few &&
              before.rows >= kRowsForValues && after.distinct_estimate > before.distinct_estimate) {
            drift.kind = DriftKind::kNewEnumValue;
            drift.before = std::to_string(before.distinct_estimate) + " values";
            drift.after = std::to_string(after.distinct_estimate) + " values";
            found.push_back(drift);
          }
        }
      }
    }
    const std::string name = "table" + (manifest.table.empty() ? "" : " " + manifest.table);
    Take(std::move(found), PolicyOf(config, manifest.table), name, "", "", &drifts);
  }
  return drifts;
}

std::string DriftLine(const Drift& drift) {
  const bool table = drift.source.rfind("table", 0) == 0 && drift.file.empty();
  std::string line = table ? drift.source : "source `" + drift.source + "`";
  if (!drift.file.empty()) line += ", " + drift.file;
  line += drift.against.empty() ? ", since the last run: " : ", against " + drift.against + ": ";
  return line + contract::DriftText(drift);
}

Status CheckDrift(const PipelineConfig& config, const std::vector<Drift>& drifts) {
  std::vector<Diagnostic> problems;
  for (const Drift& drift : drifts) {
    if (drift.action != contract::DriftAction::kFail) continue;
    Diagnostic problem;
    problem.code = CodeOfDrift(drift.kind);
    problem.message = DriftLine(drift);
    problem.suggestion = "if that is meant to be, say `drift: {" +
                         std::string(contract::DriftKindName(drift.kind)) +
                         ": warn}` in the contract";
    for (const SourceConfig& source : config.sources) {
      if (source.name == drift.source) SetPlace(problem, config, source.path_span);
    }
    problems.push_back(std::move(problem));
  }
  if (problems.empty()) return Status::OK();
  return MakeError(std::move(problems));
}

}  // namespace millrace::pipeline
