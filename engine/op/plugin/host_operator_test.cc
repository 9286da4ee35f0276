// Operators of the program around the engine: what is theirs alone. What they give is looked at as
// that of a plug-in is (plugin_test.cc).
#include "base/host_operator.h"

#include <arrow/c/bridge.h>
#include <doctest/doctest.h>

#include <functional>

#include "millrace/plugin.h"
#include "op/plugin/plugin_table.h"
#include "op/testing/operators.h"

namespace millrace::op {
namespace {

using testing::IntArray;
using testing::Rows;
using testing::TextArray;

/// An operator that does as the test says, three rows at a time.
class Scripted : public HostOperator {
 public:
  explicit Scripted(int32_t kind) {
    entry_ = {"test:scripted", "Does as the test says.", kind, 2, 0, nullptr, nullptr, nullptr,
              nullptr};
  }
  const millrace_operator& entry() const override { return entry_; }
  const std::string& sha256() const override { return digest; }
  int64_t batch_rows() const override { return 3; }
  Status Bind(const millrace_request&, millrace_instance* instance) const override {
    if (!refuses.ok()) return refuses;
    static const char* const reads[] = {"text"};
    static const millrace_reason reasons[] = {{"loud", "", "is loud"}};
    instance->state = const_cast<Scripted*>(this);
    instance->reads_count = 1;
    instance->reads = reads;
    instance->reasons_count = 1;
    instance->reasons = reasons;
    instance->makes_rows = makes_rows ? 1 : 0;
    return arrow::ExportSchema(*arrow::schema(gives), &instance->gives);
  }
  void Release(void* state) const override { static_cast<Scripted*>(state)->released++; }
  Status Apply(const void*, const std::shared_ptr<arrow::RecordBatch>& rows, bool hide_values,
               millrace_result* result) const override {
    sizes.push_back(rows->num_rows());
    hides = hide_values;
    return apply(*rows, result);
  }

  std::string digest = "abc";
  arrow::FieldVector gives;
  bool makes_rows = false;
  Status refuses;
  std::function<Status(const arrow::RecordBatch& rows, millrace_result* result)> apply;
  int released = 0;
  mutable std::vector<int64_t> sizes;
  mutable bool hides = false;

 private:
  millrace_operator entry_;
};

class Host : public Resources {
 public:
  explicit Host(std::shared_ptr<const HostOperator> op) : op_(std::move(op)) {}
  Result<std::shared_ptr<const PluginLibrary>> LoadPlugin(const std::string&) const override {
    return MakeError(ErrorCode::kUnreadablePath, "none");
  }
  Result<std::shared_ptr<const FileContent>> ReadFile(const std::string&, int64_t) const override {
    return MakeError(ErrorCode::kUnreadablePath, "none");
  }
  Result<std::shared_ptr<const HostOperator>> FindHostOperator(
      const std::string& entry) const override {
    if (entry == "test:scripted") return op_;
    return MakeError(ErrorCode::kUnknownReference, '`' + entry + "` is not there");
  }

 private:
  std::shared_ptr<const HostOperator> op_;
};

std::vector<std::string> ValuesOf(const std::shared_ptr<arrow::Array>& column) {
  return testing::Values(*Rows({{"v", column}}), "v");
}

Result<Instance> BindTo(const std::shared_ptr<const HostOperator>& op,
                        const std::string& entry = "test:scripted") {
  return testing::Bind("python", "mine", {{"entry", entry}},
                       arrow::schema({arrow::field("text", arrow::utf8()),
                                      arrow::field("__fdf__/row_id", arrow::utf8())}),
                       7, std::make_shared<Host>(op));
}

std::shared_ptr<arrow::RecordBatch> Texts(int64_t count) {
  std::vector<std::optional<std::string>> texts, ids;
  for (int64_t i = 0; i < count; ++i) {
    texts.push_back(std::string(static_cast<size_t>(i), 'x'));
    ids.push_back("s/a#" + std::to_string(i));
  }
  return Rows({{"text", TextArray(texts)}, {"__fdf__/row_id", TextArray(ids)}});
}

void Give(const arrow::ArrayVector& columns, const arrow::FieldVector& fields, int64_t rows,
          ArrowArray* to) {
  REQUIRE(
      arrow::ExportRecordBatch(*arrow::RecordBatch::Make(arrow::schema(fields), rows, columns), to)
          .ok());
}

TEST_CASE("an operator of the program gets its rows in pieces of its size, and no empty one") {
  const auto op = std::make_shared<Scripted>(MILLRACE_SCORE);
  op->gives = {arrow::field(".n", arrow::int64())};
  op->apply = [&op](const arrow::RecordBatch& rows, millrace_result* result) {
    std::vector<std::optional<int64_t>> lengths;
    const auto& texts = static_cast<const arrow::StringArray&>(*rows.column(0));
    for (int64_t i = 0; i < rows.num_rows(); ++i) lengths.push_back(texts.value_length(i));
    Give({IntArray(lengths)}, op->gives, rows.num_rows(), &result->given);
    return Status::OK();
  };
  const Instance instance = BindTo(op).ValueOrDie();
  const auto& scorer = static_cast<const Scorer&>(*instance.op);
  CHECK(scorer.batch_rows() == 3);
  CHECK(scorer.FileSha256() == "abc");
  RowFailures failures;
  const auto given = scorer.Annotate(*Texts(8), &failures).ValueOrDie();
  CHECK(op->sizes == std::vector<int64_t>{3, 3, 2});
  CHECK(ValuesOf(given[0]) == std::vector<std::string>{"0", "1", "2", "3", "4", "5", "6", "7"});
  CHECK_FALSE(op->hides);
  op->sizes.clear();
  CHECK(scorer.Annotate(*Texts(0), &failures).ValueOrDie()[0]->length() == 0);
  CHECK(op->sizes.empty());
}

TEST_CASE("rows that fail or are made in a later piece are those of the whole") {
  const auto op = std::make_shared<Scripted>(MILLRACE_GENERATOR);
  op->makes_rows = true;
  op->gives = {arrow::field("parent", arrow::int64()), arrow::field("part", arrow::int64())};
  int64_t beyond = 0;
  op->apply = [&](const arrow::RecordBatch& rows, millrace_result* result) {
    // Two of the first row, none of the last, which fails.
    Give({IntArray({0, beyond}), IntArray({1, 2})}, op->gives, 2, &result->given);
    Give({IntArray({rows.num_rows() - 1}), TextArray({"odd"}), TextArray({"is odd"})},
         {arrow::field("row", arrow::int64()), arrow::field("rule", arrow::utf8()),
          arrow::field("message", arrow::utf8())},
         1, &result->failures);
    return Status::OK();
  };
  const Instance instance = BindTo(op).ValueOrDie();
  const auto& generator = static_cast<const Generator&>(*instance.op);
  RowFailures failures;
  const Generated made = generator.Generate(*Texts(6), &failures).ValueOrDie();
  CHECK(ValuesOf(made.parents) == std::vector<std::string>{"0", "0", "3", "3"});
  REQUIRE(failures.size() == 2);
  CHECK(failures[0].row == 2);
  CHECK(failures[1].row == 5);
  // A row of the next piece is none of this one.
  beyond = 4;
  const Status broken = generator.Generate(*Texts(6), &failures).status();
  CHECK(broken.message().find("made rows of a row that is not there") != std::string::npos);
}

TEST_CASE("what an operator of the program raises keeps its code") {
  const auto op = std::make_shared<Scripted>(MILLRACE_FILTER);
  op->gives = {arrow::field("keep", arrow::boolean())};
  op->apply = [](const arrow::RecordBatch&, millrace_result*) {
    return MakeError(ErrorCode::kOperatorFailed, "it raised");
  };
  {
    const Instance instance = BindTo(op).ValueOrDie();
    RowFailures failures;
    const Status failed =
        static_cast<const Filter&>(*instance.op).Judge(*Texts(1), &failures).status();
    CHECK(CodeOf(failed) == ErrorCode::kOperatorFailed);
    CHECK(op->released == 0);
  }
  CHECK(op->released == 1);
  CHECK(BindTo(op, "test:other").status().message().find("`test:other` is not there") !=
        std::string::npos);
  op->refuses = MakeError(ErrorCode::kBadValue, "not with these");
  CHECK(BindTo(op).status().message().find("not with these") != std::string::npos);
}

}  // namespace
}  // namespace millrace::op
