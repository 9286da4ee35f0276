#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/diagnostic.h"
#include "cli/commands.h"
#include "cli/render.h"
#include "millrace/operators.h"

namespace millrace::cli {
namespace {

int ListOperators(const Session& session) {
  if (!session.json) {
    PrintOut(RenderOperators(OperatorDescriptions()));
    return 0;
  }
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const OperatorDescription& description : OperatorDescriptions()) {
    list.push_back(nlohmann::ordered_json::parse(description.ToJson()));
  }
  PrintOut(nlohmann::ordered_json{{"operators", std::move(list)}}.dump(2) + "\n");
  return 0;
}

int ShowOperators(const Session& session, const std::string& name) {
  if (name.empty()) return ListOperators(session);
  std::vector<std::string> known;
  for (const OperatorDescription& description : OperatorDescriptions()) {
    if (description.name == name) {
      PrintOut(session.json ? description.ToJson() + "\n" : RenderOperator(description));
      return 0;
    }
    known.push_back(description.name);
  }
  const std::string guess = DidYouMean(name, known);
  return Fail(session, MakeError(ErrorCode::kUsage, "there is no operator `" + name + "`",
                                 guess.empty() ? "`millrace operators` lists them" : guess));
}

}  // namespace

void AddOperators(CLI::App& app, Session& session) {
  auto name = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("operators", "Say what operators there are for stages");
  command->add_option("name", *name, "One of them; without it all are listed")->option_text("NAME");
  SetExamples(*command,
              "millrace operators          # all of them\n"
              "millrace operators where    # its parameters, and what it adds");
  command->callback([&session, name] {
    session.action = [&session, name] { return ShowOperators(session, *name); };
  });
}

}  // namespace millrace::cli
