#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/render.h"
#include "millrace/doctor.h"

namespace millrace::cli {

void AddDoctor(CLI::App& app, Session& session) {
  auto options = std::make_shared<DoctorOptions>();
  CLI::App* command =
      app.add_subcommand("doctor", "Say whether this machine, and a config's places, are fit");
  command->add_option("pipeline", options->config, "A config; without one the machine alone")
      ->option_text("FILE");
  command->add_option("--set", session.sets, "Set a parameter of the config; repeatable")
      ->option_text("NAME=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command
      ->add_option("--timeout", options->seconds_max,
                   "Seconds that an endpoint has to answer (default: 5)")
      ->check(CLI::Range(1, 600))
      ->option_text("N");
  command->add_flag("--write", options->write,
                    "Also put a small object into each object store that a run would write to, "
                    "and remove it");
  SetExamples(*command,
              "millrace doctor                        # versions, limits, memory, disk\n"
              "millrace doctor pipeline.yaml          # and what its config names\n"
              "millrace doctor pipeline.yaml --json   # exit code 1 when a line fails");
  command->callback([&session, options] {
    session.action = [&session, options] {
      auto params = session.Params();
      if (!params.ok()) return Fail(session, params.status());
      options->params = *std::move(params);
      const DoctorReport report = ExamineMachine(*options);
      PrintOut(session.json ? report.ToJson() + "\n" : RenderDoctor(report));
      return report.healthy() ? 0 : 1;
    };
  });
}

}  // namespace millrace::cli
