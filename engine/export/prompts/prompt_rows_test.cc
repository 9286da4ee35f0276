#include "export/prompts/prompt_rows.h"

#include <arrow/api.h>
#include <arrow/compute/initialize.h>
#include <arrow/json/from_string.h>
#include <doctest/doctest.h>

#include <set>

#include "export/json_rows.h"

namespace millrace::exporting {
namespace {

std::shared_ptr<arrow::RecordBatch> RowsOf(const std::string& json) {
  const auto turn =
      arrow::struct_({arrow::field("who", arrow::utf8()), arrow::field("says", arrow::utf8())});
  const auto schema = arrow::schema({
      arrow::field("id", arrow::int64()),
      arrow::field("q", arrow::utf8()),
      arrow::field("a", arrow::utf8()),
      arrow::field("doc", arrow::struct_({arrow::field("day", arrow::date32())})),
      arrow::field("turns", arrow::list(turn)),
      arrow::field("lines", arrow::list(arrow::utf8())),
  });
  const auto rows = arrow::json::ArrayFromJSONString(arrow::struct_(schema->fields()), json);
  REQUIRE_MESSAGE(rows.ok(), rows.status().message());
  return arrow::RecordBatch::FromStructArray(*rows).ValueOrDie();
}

expr::Template Parsed(const std::string& text) { return expr::Template::Parse(text).ValueOrDie(); }

struct World {
  std::shared_ptr<PromptOptions> prompts = std::make_shared<PromptOptions>();
  ExportOptions options;
  World() {
    options.format = Format::kPrompts;
    options.prompts = prompts;
  }
  PromptBatch Build(const std::string& json) const {
    const auto rows = RowsOf(json);
    const auto builder = PromptBuilder::Make(options, rows->schema());
    REQUIRE_MESSAGE(builder.ok(), builder.status().message());
    return builder->Build(*rows->SelectColumns(builder->positions()).ValueOrDie()).ValueOrDie();
  }
  std::string Train(const std::string& json) const {
    std::string out;
    int64_t non_finite = 0;
    REQUIRE(RowsAsJson(*Build(json).splits[0], &out, &non_finite).ok());
    return out;
  }
  /// "rule part" of the only reject.
  std::string Reject(const std::string& json) const {
    const PromptBatch batch = Build(json);
    REQUIRE(batch.rejects.size() == 1);
    CHECK(batch.splits[0]->num_rows() == 0);
    return batch.rejects[0].rule + " " + batch.rejects[0].part;
  }
};

TEST_CASE("templates see members of structs, lists and dates") {
  World world;
  world.prompts->shape = PromptShape::kText;
  world.prompts->templates.text =
      Parsed("{{id}} {{doc.day}} {{lines | join('/')}} {{lines}} {{doc | json}}");
  CHECK(world.Train(R"([{"id": 1, "doc": {"day": 0}, "lines": ["x", null]}])") ==
        R"({"text":"1 1970-01-01 x/ [\"x\",null] {\"day\":\"1970-01-01\"}"})"
        "\n");
}

TEST_CASE("a conversation is system, turns, prompt, completion") {
  World world;
  world.prompts->templates.system = Parsed("{{ a }}");
  world.prompts->templates.prompt = Parsed("{{ q }}");
  world.prompts->templates.completion = Parsed("yes");
  PromptTurns turns;
  turns.from = "turns";
  turns.role = "who";
  turns.content = "says";
  world.prompts->turns = turns;
  CHECK(world.Train(R"([{"q": "last?", "a": "be kind", "turns":
            [{"who": "human", "says": "u"}, {"who": "gpt", "says": "g"}]}])") ==
        R"({"messages":[{"role":"system","content":"be kind"},{"role":"user","content":"u"},)"
        R"({"role":"assistant","content":"g"},{"role":"user","content":"last?"},)"
        R"({"role":"assistant","content":"yes"}]})"
        "\n");
  CHECK(world.Train(R"([{"q": "q"}])") ==
        R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"yes"}]})"
        "\n");
  CHECK(world.Reject(R"([{"q": " \n "}])") == "prompt.empty prompt");
  CHECK(world.Reject(R"([{"q": "q", "turns": [{"who": "human", "says": ""}]}])") ==
        "prompt.empty turns");
  CHECK(world.Reject(R"([{"q": "q", "turns": [{"who": "human", "says": "u"}]}])") ==
        "prompt.turns turns");
  CHECK(world.Reject(R"([{"q": "q", "turns": [{"who": "nobody", "says": "u"}]}])") ==
        "prompt.turns turns");
  CHECK(world.Reject(R"([{"q": "q", "turns": [null]}])") == "prompt.turns turns");
}

TEST_CASE("turns from a list of texts, for ShareGPT") {
  World world;
  world.prompts->shape = PromptShape::kShareGpt;
  world.prompts->turns.emplace().from = "lines";
  CHECK(world.Train(R"([{"lines": ["hi", "ho"]}])") ==
        R"({"conversations":[{"from":"human","value":"hi"},{"from":"gpt","value":"ho"}]})"
        "\n");
  CHECK(world.Reject(R"([{"lines": ["hi"]}])") == "prompt.turns turns");
  CHECK(world.Reject(R"([{"lines": null}])") == "prompt.turns turns");
}

TEST_CASE("prompts that are too long are rejects that say how long") {
  World world;
  world.prompts->shape = PromptShape::kPromptCompletion;
  world.prompts->templates.prompt = Parsed("{{ q }}");
  world.prompts->templates.completion = Parsed("{{ a }}");
  world.prompts->chars_max = 4;
  CHECK(world.Build(R"([{"q": "éé", "a": "éé"}])").rejects.empty());
  const PromptBatch batch = world.Build(R"([{"q": "ééé", "a": "éé"}])");
  REQUIRE(batch.rejects.size() == 1);
  CHECK(batch.rejects[0].measured == 5);
  CHECK(batch.rejects[0].threshold == 4);
  world.prompts->chars_max = 0;
  world.prompts->tokens_max = 1;
  CHECK(world.Reject(R"([{"q": "ééé", "a": "éé"}])") == "prompt.too_long ");
}

TEST_CASE("splits depend on the column and the seed, not on the order of rows") {
  World world;
  world.prompts->shape = PromptShape::kText;
  world.prompts->templates.text = Parsed("{{ id }}");
  world.prompts->split = PromptSplit{"id", 0.25, 0.25, 7};
  const auto rows = [](int count, bool backwards) {
    std::string json;
    for (int i = 0; i < count; ++i) {
      json += (i ? "," : "") + std::string(R"({"id": )") +
              std::to_string(backwards ? count - 1 - i : i) + "}";
    }
    return "[" + json + "]";
  };
  const auto texts = [](const arrow::RecordBatch& batch) {
    std::set<std::string> out;
    for (int64_t i = 0; i < batch.num_rows(); ++i) {
      out.insert(static_cast<const arrow::StringArray&>(*batch.column(0)).GetString(i));
    }
    return out;
  };
  const PromptBatch there = world.Build(rows(4000, false)), back = world.Build(rows(4000, true));
  world.prompts->split->seed = 8;
  const PromptBatch other = world.Build(rows(4000, false));
  for (size_t i = 0; i < 3; ++i) {
    CHECK(texts(*there.splits[i]) == texts(*back.splits[i]));
    CHECK(texts(*there.splits[i]) != texts(*other.splits[i]));
  }
  CHECK(there.splits[0]->num_rows() > 1800);
  CHECK(there.splits[0]->num_rows() < 2200);
  CHECK(there.splits[1]->num_rows() > 850);
  CHECK(there.splits[2]->num_rows() > 850);
}

TEST_CASE("every problem with the columns is named") {
  World world;
  world.prompts->templates.prompt = Parsed("{{ qq }} {{ q | join(',') }} {{ doc.nope }}");
  world.prompts->templates.completion = Parsed("x");
  world.prompts->turns.emplace().from = "turns";  // has no `role`
  world.prompts->split = PromptSplit{"nope", 0.1, 0, 0};
  const auto rows = RowsOf("[]");
  CHECK(CheckPromptOptions(*world.prompts, *rows->schema()).size() == 5);
  CHECK(CodeOf(PromptBuilder::Make(world.options, rows->schema()).status()) ==
        ErrorCode::kBadExpression);
}

}  // namespace
}  // namespace millrace::exporting
