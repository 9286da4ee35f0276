// Plug-ins that do as they should, and plug-ins that do not: none of the latter gets a value into
// a row.
#include "millrace/plugin.h"

#include <arrow/c/bridge.h>
#include <doctest/doctest.h>

#include <functional>
#include <stdexcept>

#include "op/plugin/foreign_arrays.h"
#include "op/plugin/plugin_table.h"
#include "op/testing/operators.h"

namespace millrace::op {
namespace {

using testing::Apply;
using testing::IntArray;
using testing::Parameters;
using testing::Rows;
using testing::TextArray;
using testing::Values;

/// What the plug-in of a test does; one test at a time.
struct Script {
  arrow::FieldVector gives;
  std::vector<const char*> reads = {"text"};
  std::vector<millrace_reason> reasons = {{"loud", "3", "is loud"}};
  bool makes_rows = false;
  std::function<void(const arrow::RecordBatch& rows, millrace_result* result)> apply;
  std::function<int(const millrace_request&, millrace_instance*, millrace_error*)> bind;
  std::string fails;  // the message of an apply that fails
  int released = 0;
  arrow::FieldVector seen;  // the columns that `bind` saw
};
Script* script = nullptr;

void Copy(const std::string& text, char* to, size_t size) {
  std::snprintf(to, size, "%s", text.c_str());
}

int Bind(const millrace_request* request, millrace_instance* instance, millrace_error* error) {
  if (script->bind) return script->bind(*request, instance, error);
  script->seen.clear();
  for (int64_t i = 0; i < request->columns->n_children; ++i) {
    script->seen.push_back(arrow::field(request->columns->children[i]->name, arrow::null()));
  }
  instance->state = script;
  instance->reads_count = script->reads.size();
  instance->reads = script->reads.data();
  instance->reasons_count = script->reasons.size();
  instance->reasons = script->reasons.data();
  instance->makes_rows = script->makes_rows ? 1 : 0;
  REQUIRE(arrow::ExportSchema(*arrow::schema(script->gives), &instance->gives).ok());
  return 0;
}

int Work(const void* state, const ArrowArray* rows, millrace_result* result,
         millrace_error* error) {
  REQUIRE(state == script);
  if (!script->fails.empty()) {
    Copy(script->fails, error->message, sizeof error->message);
    return 7;
  }
  if (rows->n_children == 0) {
    script->apply(*arrow::RecordBatch::Make(arrow::schema({}), rows->length, arrow::ArrayVector{}),
                  result);
    return 0;
  }
  // A copy that this side owns, as a plug-in sees it.
  arrow::FieldVector fields;
  for (const char* name : script->reads) fields.push_back(arrow::field(name, arrow::utf8()));
  ArrowArray borrowed = *rows;
  borrowed.release = [](ArrowArray* array) { array->release = nullptr; };
  const auto imported = arrow::ImportRecordBatch(&borrowed, arrow::schema(fields));
  REQUIRE_MESSAGE(imported.ok(), imported.status().ToString());
  script->apply(**imported, result);
  return 0;
}

void Release(void* state) { static_cast<Script*>(state)->released++; }

const millrace_option_spec kOptions[] = {{"field", "text"}, {"much", nullptr}};

/// A library with one operator, `op`, of the kind.
class Library : public Resources {
 public:
  explicit Library(int kind) {
    op_ = {"op", "Does as the test says.", kind, 3, 2, kOptions, Bind, Work, Release};
    table_ = {MILLRACE_PLUGIN_ABI, 1, &op_};
  }
  Result<std::shared_ptr<const PluginLibrary>> LoadPlugin(const std::string& path) const override {
    if (path != "lib.so")
      return MakeError(ErrorCode::kUnreadablePath, '`' + path + "` is not there");
    auto library = std::make_shared<PluginLibrary>();
    library->table = &table_;
    library->sha256 = "abc";
    return library;
  }
  Result<std::shared_ptr<const HostOperator>> FindHostOperator(const std::string&) const override {
    return MakeError(ErrorCode::kUnknownReference, "none");
  }
  Result<std::shared_ptr<const FileContent>> ReadFile(const std::string&, int64_t) const override {
    return MakeError(ErrorCode::kUnreadablePath, "none");
  }

 private:
  millrace_operator op_;
  millrace_plugin_table table_;
};

// A table lives as long as the process.
std::shared_ptr<const Resources> LibraryOf(int kind) {
  static auto* loaded = new std::vector<std::shared_ptr<const Resources>>;
  loaded->push_back(std::make_shared<Library>(kind));
  return loaded->back();
}

std::shared_ptr<arrow::RecordBatch> Input() {
  return Rows({{"text", TextArray({"a", std::nullopt, "ccc"})}, {"n", IntArray({1, 2, 3})}});
}

Result<Instance> BindTo(int kind, Parameters more = {}, const std::string& library = "lib.so") {
  Parameters parameters = {{"library", library}, {"operator", "op"}, {"options", "much: 1"}};
  parameters.insert(parameters.end(), more.begin(), more.end());
  return testing::Bind("plugin", "p", parameters, Input()->schema(), 5, LibraryOf(kind));
}

Result<std::shared_ptr<const Chain>> ChainOf(int kind, Parameters more = {}) {
  ARROW_ASSIGN_OR_RAISE(Instance instance, BindTo(kind, std::move(more)));
  return Chain::Make(Input()->schema(), {std::move(instance)});
}

void Give(const arrow::ArrayVector& columns, millrace_result* result) {
  arrow::FieldVector fields;
  for (const auto& column : columns) fields.push_back(arrow::field("c", column->type()));
  const auto all = arrow::StructArray::Make(columns, fields).ValueOrDie();
  REQUIRE(arrow::ExportArray(*all, &result->given).ok());
}

void Fail(const std::vector<std::optional<int64_t>>& rows, const testing::Texts& rules,
          const testing::Texts& messages, millrace_result* result) {
  const auto all = arrow::StructArray::Make({IntArray(rows), TextArray(rules), TextArray(messages)},
                                            std::vector<std::string>{"row", "rule", "message"})
                       .ValueOrDie();
  REQUIRE(arrow::ExportArray(*all, &result->failures).ok());
}

std::shared_ptr<arrow::Array> Lengths(const arrow::RecordBatch& rows) {
  const auto& texts = static_cast<const arrow::StringArray&>(*rows.column(0));
  std::vector<std::optional<int64_t>> lengths;
  for (int64_t i = 0; i < rows.num_rows(); ++i) {
    texts.IsNull(i) ? lengths.emplace_back() : lengths.emplace_back(texts.value_length(i));
  }
  return IntArray(lengths);
}

std::shared_ptr<arrow::Array> Bools(const std::vector<bool>& values) {
  arrow::BooleanBuilder builder;
  REQUIRE(builder.AppendValues(values).ok());
  return builder.Finish().ValueOrDie();
}

/// What the chain says of a plug-in that gives this; "" when it is taken.
std::string FaultOf(int kind, const Script& of) {
  Script copy = of;
  script = &copy;
  const auto chain = ChainOf(kind);
  if (!chain.ok()) return chain.status().message();
  const auto applied = (*chain)->Apply(*Input());
  if (applied.ok()) return "";
  CHECK(CodeOf(applied.status()) == ErrorCode::kPluginFault);
  CHECK(applied.status().message().find("operator `p` (`op` of a plug-in) ") == 0);
  return applied.status().message();
}

bool Has(const std::string& text, const std::string& part) {
  CAPTURE(text);
  CHECK(text.find(part) != std::string::npos);
  return true;
}

Script Scoring() {
  Script of;
  of.gives = {arrow::field(".length", arrow::int64()), arrow::field("_shape", arrow::utf8())};
  of.apply = [](const arrow::RecordBatch& rows, millrace_result* result) {
    testing::Texts shapes(static_cast<size_t>(rows.num_rows()), "flat");
    Give({Lengths(rows), TextArray(shapes)}, result);
  };
  return of;
}

TEST_CASE("a score of a plug-in adds its measures and fields, for slices as for the whole") {
  Script of = Scoring();
  script = &of;
  {
    const auto chain = ChainOf(MILLRACE_SCORE).ValueOrDie();
    const ChainResult result = Apply(*chain, Input());
    CHECK(Values(*result.rows, "p_shape") ==
          std::vector<std::string>{"\"flat\"", "\"flat\"", "\"flat\""});
    CHECK(Values(*result.rows, "__fdf__/scores") ==
          std::vector<std::string>{R"({"p":{"length":1}})", R"({"p":{"length":null}})",
                                   R"({"p":{"length":3}})"});
    CHECK(chain->instances()[0].op->FileSha256() == "abc");
    CHECK(chain->instances()[0].op->Identity() == "plugin op 3");
    CHECK(of.seen.size() == 3);
    CHECK(of.released == 0);
  }
  CHECK(of.released == 1);
}

TEST_CASE("a filter of a plug-in drops with its reasons, or tags") {
  Script of;
  of.gives = {arrow::field("keep", arrow::boolean()), arrow::field("reason", arrow::uint8()),
              arrow::field("measured", arrow::utf8())};
  of.reasons = {{"quiet", nullptr, "is quiet"}, {"loud.text", "2", "is loud"}};
  of.apply = [](const arrow::RecordBatch& rows, millrace_result* result) {
    const auto lengths = std::static_pointer_cast<arrow::Int64Array>(Lengths(rows));
    std::vector<bool> keep;
    arrow::UInt8Builder reason;
    testing::Texts measured;
    for (int64_t i = 0; i < rows.num_rows(); ++i) {
      keep.push_back(lengths->IsNull(i) || lengths->Value(i) < 2);
      REQUIRE(reason.Append(1).ok());
      measured.push_back(std::to_string(lengths->Value(i)));
    }
    Give({Bools(keep), reason.Finish().ValueOrDie(), TextArray(measured)}, result);
  };
  script = &of;
  const ChainResult result = Apply(*ChainOf(MILLRACE_FILTER).ValueOrDie(), Input());
  CHECK(Values(*result.rows, "n") == std::vector<std::string>{"1", "2"});
  CHECK(Values(*result.rejects, "rule") == std::vector<std::string>{"\"loud.text\""});
  CHECK(Values(*result.rejects, "value") == std::vector<std::string>{"\"3\""});
  CHECK(Values(*result.rejects, "threshold") == std::vector<std::string>{"\"2\""});
  const auto tagging = ChainOf(MILLRACE_FILTER, {{"action", "tag"}}).ValueOrDie();
  CHECK(Values(*Apply(*tagging, Input()).rows, "__fdf__/tags") ==
        std::vector<std::string>{"[]", "[]", "[\"p\"]"});
}

TEST_CASE("a refiner of a plug-in replaces and adds columns, and says where a value changed") {
  Script of;
  of.gives = {arrow::field("text", arrow::utf8()), arrow::field("length", arrow::int64())};
  of.apply = [](const arrow::RecordBatch& rows, millrace_result* result) {
    const auto& texts = static_cast<const arrow::StringArray&>(*rows.column(0));
    testing::Texts shorter;
    for (int64_t i = 0; i < rows.num_rows(); ++i) {
      shorter.push_back(texts.IsNull(i) ? "none" : std::string(texts.GetView(i).substr(0, 1)));
    }
    Give({TextArray(shorter), Lengths(rows)}, result);
  };
  script = &of;
  const ChainResult result = Apply(*ChainOf(MILLRACE_REFINER).ValueOrDie(), Input());
  CHECK(result.rows->schema()->field_names() ==
        std::vector<std::string>{"text", "n", "length", "__fdf__/row_id", "__fdf__/refined_by"});
  CHECK(Values(*result.rows, "text") == std::vector<std::string>{"\"a\"", "\"none\"", "\"c\""});
  CHECK(Values(*result.rows, "__fdf__/refined_by") ==
        std::vector<std::string>{"[]", "[\"p\"]", "[\"p\"]"});
}

TEST_CASE("a generator of a plug-in makes rows; what it fails on is rejected") {
  Script of;
  of.makes_rows = true;
  of.gives = {arrow::field("parent", arrow::int64()), arrow::field("part", arrow::int64())};
  of.apply = [](const arrow::RecordBatch& rows, millrace_result* result) {
    const auto lengths = std::static_pointer_cast<arrow::Int64Array>(Lengths(rows));
    std::vector<std::optional<int64_t>> parents, parts, failed;
    testing::Texts rules, messages;
    for (int64_t row = 0; row < rows.num_rows(); ++row) {
      if (lengths->IsNull(row)) {
        failed.push_back(row);
        rules.push_back("no_text");
        messages.push_back("there is\nno text");
      }
      for (int64_t i = 0; i < lengths->Value(row) && lengths->IsValid(row); ++i) {
        parents.push_back(row);
        parts.push_back(i);
      }
    }
    Give({IntArray(parents), IntArray(parts)}, result);
    if (!failed.empty()) Fail(failed, rules, messages, result);
  };
  script = &of;
  const ChainResult result = Apply(*ChainOf(MILLRACE_GENERATOR).ValueOrDie(), Input());
  CHECK(Values(*result.rows, "part") == std::vector<std::string>{"0", "0", "1", "2"});
  CHECK(Values(*result.rows, "__fdf__/row_id")[3] == "\"src/file#2/p.2\"");
  CHECK(Values(*result.rejects, "rule") == std::vector<std::string>{"\"no_text\""});
  CHECK(Values(*result.rejects, "message") == std::vector<std::string>{"\"there is no text\""});
}

TEST_CASE("an evaluator of a plug-in gives findings") {
  Script of;
  of.gives = {arrow::field("pass", arrow::boolean())};
  of.apply = [](const arrow::RecordBatch& rows, millrace_result* result) {
    Give({Bools(std::vector<bool>(static_cast<size_t>(rows.num_rows()), true))}, result);
  };
  script = &of;
  const ChainResult result = Apply(*ChainOf(MILLRACE_EVALUATOR).ValueOrDie(), Input());
  CHECK(Values(*result.rows, "__fdf__/eval_p_pass") == std::vector<std::string>(3, "true"));
}

TEST_CASE("what a plug-in says when it is bound is held against its kind") {
  Script of = Scoring();
  of.gives = {arrow::field("length", arrow::int64())};
  Has(FaultOf(MILLRACE_SCORE, of), "gives `length`: a score gives measures");
  of.gives = {arrow::field(".shape", arrow::utf8())};
  Has(FaultOf(MILLRACE_SCORE, of), "which is no number");
  of.gives = {arrow::field(".a", arrow::int64()), arrow::field(".a", arrow::int64())};
  Has(FaultOf(MILLRACE_SCORE, of), "gives the column `.a` twice");
  of.gives = {arrow::field("_a", arrow::large_utf8())};
  Has(FaultOf(MILLRACE_SCORE, of), "which columns cannot have");
  of.gives = {};
  Has(FaultOf(MILLRACE_SCORE, of), "gives no columns");
  of.gives = {arrow::field("__fdf__/row_id", arrow::utf8())};
  Has(FaultOf(MILLRACE_REFINER, of), "no name of a column");
  of.gives = {arrow::field("part", arrow::int64())};
  of.makes_rows = true;
  Has(FaultOf(MILLRACE_REFINER, of), "makes rows, and is no generator");
  Has(FaultOf(MILLRACE_GENERATOR, of), "does not first give `parent`");
  of = Scoring();
  of.reads = {"nothing"};
  Has(FaultOf(MILLRACE_SCORE, of), "reads the column `nothing`, which does not reach it");
  of.reads = {"text", "text"};
  Has(FaultOf(MILLRACE_SCORE, of), "twice");
  of.gives = {arrow::field("keep", arrow::int64())};
  of.reads = {"text"};
  Has(FaultOf(MILLRACE_FILTER, of), "does not give `keep` (bool)");
  of.gives = {arrow::field("keep", arrow::boolean())};
  of.reasons = {};
  Has(FaultOf(MILLRACE_FILTER, of), "does not say why it drops rows");
  of.reasons = {{"Not A Word", nullptr, "x"}};
  Has(FaultOf(MILLRACE_FILTER, of), "a rule that is not of a-z");
  of.bind = [](const millrace_request&, millrace_instance*, millrace_error* error) {
    Copy("too much", error->message, sizeof error->message);
    Copy("much", error->option, sizeof error->option);
    return 1;
  };
  Has(FaultOf(MILLRACE_SCORE, of), "`op` refuses: too much");
  of.bind = [](const millrace_request&, millrace_instance*, millrace_error*) -> int {
    throw std::runtime_error("out of C");
  };
  Has(FaultOf(MILLRACE_SCORE, of), "threw an exception");
  of.bind = [](const millrace_request&, millrace_instance*, millrace_error*) { return 0; };
  Has(FaultOf(MILLRACE_SCORE, of), "does not say what it gives");
}

TEST_CASE("what a plug-in gives for rows is not believed") {
  const auto with = [](const arrow::ArrayVector& columns) {
    Script of = Scoring();
    of.apply = [=](const arrow::RecordBatch&, millrace_result* result) { Give(columns, result); };
    return of;
  };
  const auto lengths = IntArray({1, 2, 3});
  CHECK(FaultOf(MILLRACE_SCORE, with({lengths, TextArray({"a", "b", "c"})})).empty());
  Has(FaultOf(MILLRACE_SCORE, with({IntArray({1, 2}), TextArray({"a", "b"})})),
      "gave 2 rows for 3");
  Has(FaultOf(MILLRACE_SCORE, with({lengths})), "not of its type's layout");
  Has(FaultOf(MILLRACE_SCORE, with({lengths, lengths})), "not of its type's layout");
  Has(FaultOf(MILLRACE_SCORE, with({lengths, TextArray({"a", "\xff", "c"})})), "not valid");
  // Offsets that go back.
  const int32_t back[] = {0, 2, 1, 3};
  const auto offsets = arrow::Buffer::FromVector(std::vector<int32_t>(back, back + 4));
  const auto broken = arrow::MakeArray(arrow::ArrayData::Make(
      arrow::utf8(), 3, {nullptr, offsets, arrow::Buffer::FromString("abc")}, 0));
  Has(FaultOf(MILLRACE_SCORE, with({lengths, broken})), "not valid");

  Script of = Scoring();
  of.apply = [](const arrow::RecordBatch&, millrace_result*) {};
  Has(FaultOf(MILLRACE_SCORE, of), "gave nothing");
  of.fails = "no more\x01memory";
  Has(FaultOf(MILLRACE_SCORE, of), "failed: no more memory");
  of = Scoring();
  const auto good = of.apply;
  of.apply = [&](const arrow::RecordBatch& rows, millrace_result* result) {
    good(rows, result);
    Fail({3}, {"rule"}, {"m"}, result);
  };
  Has(FaultOf(MILLRACE_SCORE, of), "failed on a row that is not there");
  of.apply = [&](const arrow::RecordBatch& rows, millrace_result* result) {
    good(rows, result);
    Fail({0}, {"Rule!"}, {"m"}, result);
  };
  Has(FaultOf(MILLRACE_SCORE, of), "by a rule that is not of a-z");
  of.apply = [&](const arrow::RecordBatch& rows, millrace_result* result) {
    good(rows, result);
    result->given.children[0]->length = 2;
  };
  Has(FaultOf(MILLRACE_SCORE, of), "columns of different lengths");
  of.apply = [&](const arrow::RecordBatch& rows, millrace_result* result) {
    good(rows, result);
    result->given.children[0]->null_count = 2;
    result->given.children[0]->buffers[0] = nullptr;
  };
  Has(FaultOf(MILLRACE_SCORE, of), "nulls and without their bits");
  of.apply = [&](const arrow::RecordBatch& rows, millrace_result* result) {
    good(rows, result);
    result->given.children[1]->buffers[1] = nullptr;
  };
  Has(FaultOf(MILLRACE_SCORE, of), "without offsets");

  of = {};
  of.gives = {arrow::field("keep", arrow::boolean()), arrow::field("reason", arrow::uint8())};
  of.apply = [&](const arrow::RecordBatch&, millrace_result* result) {
    arrow::UInt8Builder reason;
    REQUIRE(reason.AppendValues({0, 9, 0}).ok());
    Give({Bools({true, false, true}), reason.Finish().ValueOrDie()}, result);
  };
  Has(FaultOf(MILLRACE_FILTER, of), "for a reason that it does not have");
  of.gives = {arrow::field("parent", arrow::int64()), arrow::field("part", arrow::int64())};
  of.makes_rows = true;
  of.apply = [&](const arrow::RecordBatch&, millrace_result* result) {
    Give({IntArray({1, 0}), IntArray({1, 2})}, result);
  };
  Has(FaultOf(MILLRACE_GENERATOR, of), "out of the order of their rows");
  of.apply = [&](const arrow::RecordBatch&, millrace_result* result) {
    Give({IntArray({3}), IntArray({1})}, result);
  };
  Has(FaultOf(MILLRACE_GENERATOR, of), "of a row that is not there");
}

TEST_CASE("options and names are held against the library's table") {
  Script of = Scoring();
  script = &of;
  const auto problem = [&](const Parameters& parameters) {
    return testing::Bind("plugin", "p", parameters, Input()->schema(), 0, LibraryOf(MILLRACE_SCORE))
        .status()
        .message();
  };
  Has(problem({{"library", "x.so"}, {"operator", "op"}}), "`x.so` is not there");
  Has(problem({{"library", "lib.so"}, {"operator", "oq"}}), "`lib.so` has no operator `oq`");
  Has(problem({{"library", "lib.so"}, {"operator", "op"}}), "`op` needs the option `much`");
  Has(problem({{"library", "lib.so"}, {"operator", "op"}, {"options", "much: 1, mutch: 2"}}),
      "`op` has no option `mutch`");
  Has(BindTo(MILLRACE_SCORE, {{"action", "tag"}}).status().message(),
      "`action` is for filters, and this operator is a score");
}

TEST_CASE("what is made of a sensitive column is sensitive, and messages do not tell of it") {
  Script of = Scoring();
  const auto good = of.apply;
  of.apply = [&](const arrow::RecordBatch& rows, millrace_result* result) {
    good(rows, result);
    Fail({0}, {"bad"}, {"secret is a"}, result);
  };
  script = &of;
  const auto rows = Input();
  const auto schema =
      rows->schema()->SetField(0, MarkSensitive(rows->schema()->field(0), true)).ValueOrDie();
  auto bound = testing::Bind("plugin", "p",
                             {{"library", "lib.so"}, {"operator", "op"}, {"options", "much: 1"}},
                             schema, 0, LibraryOf(MILLRACE_SCORE));
  REQUIRE(bound.ok());
  const auto chain = Chain::Make(schema, {*bound}).ValueOrDie();
  CHECK(IsSensitive(*chain->stored()->GetFieldByName("p_shape")));
  const auto result =
      chain->Apply(*arrow::RecordBatch::Make(schema, 3, rows->columns())).ValueOrDie();
  CHECK(Values(*result.rejects, "message") ==
        std::vector<std::string>{"\"the plug-in cannot work on the row\""});
  CHECK(result.rows->num_rows() == 2);
}

TEST_CASE("a table is looked at before it is used") {
  CHECK(Has(PluginTableFault(nullptr), "no table"));
  millrace_operator op = {"op", "Doc.", MILLRACE_SCORE, 1, 2, kOptions, Bind, Work, nullptr};
  millrace_plugin_table table = {MILLRACE_PLUGIN_ABI, 1, &op};
  CHECK(PluginTableFault(&table).empty());
  table.abi = 2;
  Has(PluginTableFault(&table), "speaks version 2 of the interface for plug-ins; this program");
  table.abi = MILLRACE_PLUGIN_ABI;
  op.kind = 9;
  Has(PluginTableFault(&table), "of an unknown kind");
  op.kind = MILLRACE_SCORE;
  op.name = "Op";
  Has(PluginTableFault(&table), "whose name is not");
  op.name = "op";
  op.apply = nullptr;
  Has(PluginTableFault(&table), "without `bind` or `apply`");
  op.apply = Work;
  const millrace_operator twice[] = {op, op};
  table.operators = twice;
  table.operators_count = 2;
  Has(PluginTableFault(&table), "two operators `op`");
}

}  // namespace
}  // namespace millrace::op
