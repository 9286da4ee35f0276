#include "op/plugin/plugin_kinds.h"

#include <arrow/builder.h>

#include <algorithm>

#include "base/reserved_columns.h"
#include "contract/contract.h"

namespace millrace::op {
namespace {

using Shared = std::shared_ptr<const PluginInstance>;

/// What all kinds have in common: what they are is what the library is.
template <typename Base>
class Of : public Base {
 public:
  std::string Identity() const override { return plugin_->Identity(); }
  std::string FileSha256() const override { return plugin_->sha256(); }
  int64_t batch_rows() const override { return plugin_->batch_rows(); }

 protected:
  template <typename... Args>
  explicit Of(Shared plugin, Args&&... args)
      : Base(plugin->reads(), std::forward<Args>(args)...), plugin_(std::move(plugin)) {}
  const PluginInstance& plugin() const { return *plugin_; }

 private:
  Shared plugin_;
};

/// Scorers and evaluators.
template <typename Base>
class PluginAnnotator : public Of<Base> {
 public:
  PluginAnnotator(Shared plugin, arrow::FieldVector adds)
      : Of<Base>(std::move(plugin), std::move(adds)) {}

  Result<arrow::ArrayVector> Annotate(const arrow::RecordBatch& rows,
                                      RowFailures* failures) const override {
    ARROW_ASSIGN_OR_RAISE(PluginInstance::Given given, this->plugin().Apply(rows));
    *failures = std::move(given.failures);
    return std::move(given.columns);
  }
};

class PluginFilter : public Of<Filter> {
 public:
  explicit PluginFilter(const Shared& plugin) : Of<Filter>(plugin, plugin->reasons()) {}

  Result<Verdict> Judge(const arrow::RecordBatch& rows, RowFailures* failures) const override {
    ARROW_ASSIGN_OR_RAISE(PluginInstance::Given given, plugin().Apply(rows));
    *failures = std::move(given.failures);
    Verdict verdict;
    verdict.keep = std::static_pointer_cast<arrow::BooleanArray>(given.columns[0]);
    if (verdict.keep->null_count() > 0) return plugin().Broken("did not judge every row");
    const int measured = Position("measured");
    if (measured >= 0 && !plugin().reads_sensitive()) {
      verdict.measured = given.columns[static_cast<size_t>(measured)];
    }
    const int reason = Position("reason");
    if (reason < 0) return verdict;
    const auto& codes =
        static_cast<const arrow::UInt8Array&>(*given.columns[static_cast<size_t>(reason)]);
    for (int64_t row = 0; row < codes.length(); ++row) {
      const bool dropped = !verdict.keep->Value(row);
      if (dropped && (codes.IsNull(row) || codes.Value(row) >= reasons().size())) {
        return plugin().Broken("dropped a row for a reason that it does not have");
      }
      verdict.reason.push_back(dropped ? codes.Value(row) : uint8_t{0});
    }
    return verdict;
  }

 private:
  int Position(const char* name) const {
    const auto& gives = plugin().gives();
    for (size_t i = 0; i < gives.size(); ++i) {
      if (gives[i]->name() == name) return static_cast<int>(i);
    }
    return -1;
  }
};

std::vector<std::string> NamesOf(const arrow::FieldVector& fields) {
  std::vector<std::string> names;
  for (const auto& field : fields) names.push_back(field->name());
  return names;
}

class PluginRefiner : public Of<Refiner> {
 public:
  PluginRefiner(const Shared& plugin, std::shared_ptr<arrow::Schema> output)
      : Of<Refiner>(plugin, NamesOf(plugin->gives()), std::move(output)) {}

  Result<Refined> Refine(const arrow::RecordBatch& rows, RowFailures* failures) const override {
    ARROW_ASSIGN_OR_RAISE(PluginInstance::Given given, plugin().Apply(rows));
    *failures = std::move(given.failures);
    arrow::ArrayVector columns;
    for (const auto& field : output()->fields()) {
      columns.push_back(rows.GetColumnByName(field->name()));
    }
    std::vector<bool> changed(static_cast<size_t>(rows.num_rows()));
    bool replaces = false;
    for (size_t i = 0; i < given.columns.size(); ++i) {
      const std::string& name = writes()[i];
      if (const auto before = rows.GetColumnByName(name)) {
        replaces = true;
        Compare(*before, *given.columns[i], &changed);
      }
      columns[static_cast<size_t>(output()->GetFieldIndex(name))] = given.columns[i];
    }
    Refined refined;
    refined.rows = arrow::RecordBatch::Make(output(), rows.num_rows(), std::move(columns));
    if (!replaces) return refined;
    arrow::BooleanBuilder marks;
    ARROW_RETURN_NOT_OK(marks.AppendValues(changed));
    ARROW_RETURN_NOT_OK(marks.Finish(&refined.changed));
    return refined;
  }

 private:
  static void Compare(const arrow::Array& before, const arrow::Array& after,
                      std::vector<bool>* changed) {
    const bool same_type = before.type()->Equals(*after.type());
    for (int64_t row = 0; row < after.length(); ++row) {
      if (!same_type || !before.RangeEquals(after, row, row + 1, row)) {
        (*changed)[static_cast<size_t>(row)] = true;
      }
    }
  }
};

class PluginGenerator : public Of<Generator> {
 public:
  PluginGenerator(const Shared& plugin, arrow::FieldVector writes)
      : Of<Generator>(plugin, std::move(writes), plugin->makes_rows()) {}

  Result<Generated> Generate(const arrow::RecordBatch& rows, RowFailures* failures) const override {
    ARROW_ASSIGN_OR_RAISE(PluginInstance::Given given, plugin().Apply(rows));
    *failures = std::move(given.failures);
    Generated made;
    made.columns = std::move(given.columns);
    if (!makes_rows()) return made;
    made.parents = std::static_pointer_cast<arrow::Int64Array>(made.columns.front());
    made.columns.erase(made.columns.begin());
    const std::string fault = ParentsFault(*made.parents, *failures, rows.num_rows());
    if (!fault.empty()) return plugin().Broken(fault);
    return made;
  }

 private:
  static std::string ParentsFault(const arrow::Int64Array& parents, const RowFailures& failures,
                                  int64_t rows) {
    if (parents.null_count() > 0) return "made rows of no row";
    size_t failure = 0;
    for (int64_t i = 0; i < parents.length(); ++i) {
      const int64_t parent = parents.Value(i);
      if (parent < 0 || parent >= rows) return "made rows of a row that is not there";
      if (i > 0 && parent < parents.Value(i - 1)) return "made rows out of the order of their rows";
      while (failure < failures.size() && failures[failure].row < parent) ++failure;
      if (failure < failures.size() && failures[failure].row == parent) {
        return "made rows of a row that it failed on";
      }
    }
    return "";
  }
};

bool IsNumber(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || type.id() == arrow::Type::FLOAT ||
         type.id() == arrow::Type::DOUBLE || type.id() == arrow::Type::BOOL;
}

/// What an instance gives, as columns that its kind may give. Faults are "gives ...", or "".
class Columns {
 public:
  Columns(const Request& request, const PluginInstance& plugin)
      : request_(request), plugin_(plugin) {
    for (const std::string& name : plugin.reads()) {
      from_.push_back(request.columns()->GetFieldIndex(name));
    }
  }

  std::string Scores(arrow::FieldVector* adds) const {
    for (const auto& field : plugin_.gives()) {
      const std::string& name = field->name();
      const std::string rest = name.substr(1);
      if (rest.empty() || (name[0] != '.' && name[0] != '_') ||
          rest.find('.') != std::string::npos) {
        return "gives `" + name + "`: a score gives measures `.name` and fields `_name`";
      }
      if (name[0] == '_') {
        adds->push_back(Hidden(request_.NewField(rest, field->type(), from_)));
        continue;
      }
      if (!IsNumber(*field->type())) {
        return "gives the measure `" + name + "`, which is no number; call it `_" + rest + '`';
      }
      adds->push_back(request_.NewMeasure(rest, field->type()));
    }
    return "";
  }

  std::string Findings(arrow::FieldVector* adds) const {
    for (const auto& field : plugin_.gives()) {
      const bool text = field->type()->id() == arrow::Type::STRING;
      if (!text && !IsNumber(*field->type())) {
        return "gives `" + field->name() + "`, which is neither a number nor a text";
      }
      if (text && plugin_.reads_sensitive()) {
        return "gives the text `" + field->name() + "`, and reads a sensitive column";
      }
      if (field->name().find('.') != std::string::npos) {
        return "gives `" + field->name() + "`, a name with a dot";
      }
      adds->push_back(request_.NewFinding(field->name(), field->type()));
    }
    return "";
  }

  std::string Verdict() const {
    const auto& gives = plugin_.gives();
    const std::string wanted =
        "does not give `keep` (bool), and then at most `reason` (uint8) and `measured` (utf8)";
    size_t next = 0;
    const auto is = [&](const char* name, arrow::Type::type type) {
      return next < gives.size() && gives[next]->name() == name &&
             gives[next]->type()->id() == type;
    };
    if (!is("keep", arrow::Type::BOOL)) return wanted;
    ++next;
    if (is("reason", arrow::Type::UINT8)) ++next;
    if (is("measured", arrow::Type::STRING)) ++next;
    return next == gives.size() ? "" : wanted;
  }

  /// Of a refiner or generator; `parent` of one that makes rows is left out.
  std::string Written(arrow::FieldVector* writes) const {
    const auto& gives = plugin_.gives();
    const size_t first = plugin_.makes_rows() ? 1 : 0;
    if (first == 1 &&
        (gives[0]->name() != "parent" || gives[0]->type()->id() != arrow::Type::INT64)) {
      return "makes rows, and does not first give `parent` (int64)";
    }
    for (size_t i = first; i < gives.size(); ++i) {
      const std::string& name = gives[i]->name();
      if (IsReservedColumn(name) || name.find('.') != std::string::npos) {
        return "gives `" + name + "`, which is no name of a column";
      }
      writes->push_back(Hidden(gives[i]));
    }
    return "";
  }

 private:
  // Whatever is made of a column that must not be shown must not be shown, but for numbers.
  std::shared_ptr<arrow::Field> Hidden(const std::shared_ptr<arrow::Field>& field) const {
    return MarkSensitive(field, plugin_.reads_sensitive() && !IsNumber(*field->type()));
  }

  const Request& request_;
  const PluginInstance& plugin_;
  std::vector<int> from_;
};

// The columns behind a refiner: those that are there keep their place, others come behind the
// user's own.
std::shared_ptr<arrow::Schema> After(const arrow::Schema& before,
                                     const arrow::FieldVector& written) {
  arrow::FieldVector fields = before.fields();
  for (const auto& field : written) {
    const int at = before.GetFieldIndex(field->name());
    if (at >= 0) {
      fields[static_cast<size_t>(at)] = field;
      continue;
    }
    const auto own_end = std::find_if(fields.begin(), fields.end(), [](const auto& f) {
      return IsReservedColumn(f->name()) || f->name().find('.') != std::string::npos;
    });
    fields.insert(own_end, field);
  }
  return arrow::schema(std::move(fields));
}

}  // namespace

std::shared_ptr<const Operator> MakePluginOperator(const Request& request, Shared instance) {
  const Columns columns(request, *instance);
  arrow::FieldVector fields;
  std::string fault;
  std::shared_ptr<const Operator> op;
  switch (instance->op().kind) {
    case MILLRACE_SCORE:
      fault = columns.Scores(&fields);
      if (fault.empty()) op = std::make_shared<PluginAnnotator<Scorer>>(instance, fields);
      break;
    case MILLRACE_EVALUATOR:
      fault = columns.Findings(&fields);
      if (fault.empty()) op = std::make_shared<PluginAnnotator<Evaluator>>(instance, fields);
      break;
    case MILLRACE_FILTER:
      fault = columns.Verdict();
      if (fault.empty()) op = std::make_shared<PluginFilter>(instance);
      break;
    case MILLRACE_REFINER:
      fault = columns.Written(&fields);
      if (fault.empty()) {
        op = std::make_shared<PluginRefiner>(instance, After(*request.columns(), fields));
      }
      break;
    default:
      fault = columns.Written(&fields);
      if (fault.empty()) op = std::make_shared<PluginGenerator>(instance, fields);
      break;
  }
  if (!fault.empty()) {
    request.Report(NameOf(request), instance->Broken(fault));
  }
  return request.ready() ? op : nullptr;
}

}  // namespace millrace::op
