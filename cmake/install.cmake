# cmake --install build/release --prefix /usr: what a machine needs, where deploy/systemd looks for it. Configurations
# go beside the documents: those in /etc/motcua are the operator's.
set(tools motcua-motcuactl motcua-verify)
set(installed ${daemons})
list(REMOVE_ITEM installed motcua-sandbox ${tools})
install(TARGETS ${installed} DESTINATION lib/motcua)
install(TARGETS ${tools} DESTINATION bin)

add_custom_command(OUTPUT motcuactl.1 motcuactl.bash
    COMMAND motcua-motcuactl manual > motcuactl.1
    COMMAND motcua-motcuactl completion bash > motcuactl.bash
    DEPENDS motcua-motcuactl VERBATIM)
add_custom_target(words ALL DEPENDS motcuactl.1 motcuactl.bash)
install(FILES ${CMAKE_BINARY_DIR}/motcuactl.1 DESTINATION share/man/man1)
install(FILES ${CMAKE_BINARY_DIR}/motcuactl.bash DESTINATION share/bash-completion/completions RENAME motcuactl)

install(DIRECTORY deploy/systemd/ DESTINATION lib/systemd/system)
install(DIRECTORY deploy/sysusers/ DESTINATION lib/sysusers.d)
install(DIRECTORY deploy/etc deploy/prometheus deploy/grafana deploy/runbooks DESTINATION share/motcua)
install(FILES README.md DESTINATION share/doc/motcua)
