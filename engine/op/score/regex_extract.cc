// regex_extract: the named groups of a pattern as fields.
#include <arrow/compute/api.h>

#include "op/operator_list.h"
#include "op/text/pattern.h"

namespace millrace::op {
namespace {

namespace cp = arrow::compute;

class ExtractScorer : public Scorer {
 public:
  ExtractScorer(int column, const std::string& name, const std::string& pattern,
                arrow::FieldVector adds)
      : Scorer({name}, std::move(adds)), column_(column), options_(pattern) {}

  Result<arrow::ArrayVector> Annotate(const arrow::RecordBatch& rows, RowFailures*) const override {
    ARROW_ASSIGN_OR_RAISE(const arrow::Datum found,
                          cp::CallFunction("extract_regex", {rows.column(column_)}, &options_));
    const auto array = found.make_array();
    return static_cast<const arrow::StructArray&>(*array).Flatten();
  }

 private:
  int column_;
  cp::ExtractRegexOptions options_;
};

// The names of the pattern's groups, in their order.
std::vector<std::string> GroupsOf(const Request& request, const std::string& pattern) {
  const cp::ExtractRegexOptions options(pattern);
  const auto none = arrow::MakeArrayFromScalar(arrow::StringScalar(""), 1).ValueOrDie();
  const auto tried = cp::CallFunction("extract_regex", {none}, &options);
  std::vector<std::string> names;
  if (tried.ok()) {
    for (const auto& field : tried->type()->fields()) names.push_back(field->name());
  }
  if (names.empty()) {
    const bool unnamed = !tried.ok();
    request.Report(
        "pattern", ErrorCode::kBadValue,
        unnamed ? "a group of the pattern has no name" : "the pattern has no group with a name",
        unnamed ? "write `(?P<name>...)`, or `(?:...)` for what is not to be a field"
                : "write `(?P<name>...)` around what is to be a field");
  }
  return names;
}

std::shared_ptr<const Operator> Make(const Request& request) {
  const int column = request.TextColumn("field");
  const std::string pattern = PatternOf(request, "pattern");
  arrow::FieldVector adds;
  if (!pattern.empty()) {
    for (const std::string& group : GroupsOf(request, pattern)) {
      adds.push_back(request.NewField(group, arrow::utf8(), {column}));
    }
  }
  if (!request.ready()) return nullptr;
  return std::make_shared<ExtractScorer>(column, request.columns()->field(column)->name(), pattern,
                                         std::move(adds));
}

}  // namespace

OperatorType RegexExtract() {
  OperatorType type;
  type.name = "regex_extract";
  type.kind = Kind::kScore;
  type.doc = "Takes the named groups of a pattern out of a text, of the first place that matches.";
  type.columns_doc =
      "a text field `<id>_<group>` for each named group: null where nothing matches, empty where "
      "the group had no part in the match";
  type.parameters = {
      {.key = "field",
       .type = FieldType::kText,
       .doc = "The text column to read.",
       .required = true},
      {.key = "pattern",
       .type = FieldType::kText,
       .doc =
           "What to find, in the syntax of RE2, with a `(?P<name>...)` around each part that is to "
           "be a field: `https?://(?P<host>[^/]+)`.",
       .required = true}};
  type.example =
      R"yaml({id: url, type: regex_extract, field: url, pattern: "//(?P<host>[^/]+)"})yaml";
  type.make = Make;
  return type;
}

}  // namespace millrace::op
