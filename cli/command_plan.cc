#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/render.h"
#include "millrace/pipeline.h"

namespace millrace::cli {
namespace {

Result<std::string> Plan(const Session& session, const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto params, session.Params());
  ARROW_ASSIGN_OR_RAISE(auto pipeline, LoadPipeline(path, {std::move(params), session.at_step}));
  return PlanPipeline(*pipeline);
}

}  // namespace

void AddPlan(CLI::App& app, Session& session) {
  auto path = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("plan", "Show what a run would do");
  AddPipelineOptions(*command, session, *path);
  SetExamples(*command,
              "millrace plan pipeline.yaml         # sources, schema, mapping, exports, changes\n"
              "millrace plan pipeline.yaml --json  # the same for machines");
  command->callback([&session, path] {
    session.action = [&session, path] {
      const Result<std::string> plan = Plan(session, *path);
      if (!plan.ok()) return Fail(session, plan.status());
      PrintOut(session.json ? *plan + "\n" : RenderPlan(*plan));
      return 0;
    };
  });
}

}  // namespace millrace::cli
