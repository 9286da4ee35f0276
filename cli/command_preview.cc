#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/render.h"
#include "millrace/onboarding.h"

namespace millrace::cli {
namespace {

struct PreviewArguments {
  std::string config;
  PreviewOptions options;
};

Result<std::string> Preview(const Session& session, const PreviewArguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(auto params, session.Params());
  ARROW_ASSIGN_OR_RAISE(auto pipeline,
                        LoadPipeline(arguments.config, {std::move(params), session.at_step}));
  return PreviewPipeline(*pipeline, arguments.options);
}

}  // namespace

void AddPreview(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<PreviewArguments>();
  CLI::App* command = app.add_subcommand(
      "preview", "Show rows before and after contract and stages; write nothing");
  AddPipelineOptions(*command, session, arguments->config);
  command->add_option("--rows", arguments->options.rows, "Rows of each source (default: 20)")
      ->check(CLI::Range(1, 1000))
      ->option_text("N");
  command->add_option("--source", arguments->options.source, "Of this source only")
      ->option_text("NAME");
  command
      ->add_option("--until", arguments->options.until, "The last stage to show (default: ingest)")
      ->option_text("STAGE");
  SetExamples(*command,
              "millrace preview pipeline.yaml                        # 20 rows of each source\n"
              "millrace preview pipeline.yaml --rows 5 --source kb   # of one of them\n"
              "millrace preview pipeline.yaml --until quality        # and through the stages\n"
              "millrace preview pipeline.yaml --json                 # the same for machines");
  command->callback([&session, arguments] {
    session.action = [&session, arguments] {
      const Result<std::string> preview = Preview(session, *arguments);
      if (!preview.ok()) return Fail(session, preview.status());
      PrintOut(session.json ? *preview + "\n" : RenderPreview(*preview));
      return 0;
    };
  });
}

}  // namespace millrace::cli
