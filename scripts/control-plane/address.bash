# Sourced by up and down: the address at which pods answer. The API server's pod proxy refuses 127.0.0.0/8, so the
# loopback interface gets one more address, which no other machine is answered at. STATE_DIR/pod-address has it and the
# label it was added with. Each control plane has a label of its own, so that none takes away what is another's.
# shellcheck shell=bash

as_root() {
  local sudo=()
  [ "$(id -u)" = 0 ] || sudo=(sudo -n)
  env LC_ALL=C PATH="$PATH:/usr/sbin:/sbin" "${sudo[@]}" "$@"
}

# add_address STATE_DIR: or says why there is none, and leaves no pod-address.
add_address() {
  local address label said
  label=lo:$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n') # 15 characters, which is all the kernel takes
  for _ in 1 2 3 4 5; do
    address=10.254.$((RANDOM % 256)).$((RANDOM % 254 + 1))
    echo "$address $label" > "$1/pod-address" # first, so that down knows of it wherever this is interrupted
    said=$(as_root ip address add "$address/32" dev lo scope host label "$label" 2>&1) && return
    case $said in *'File exists'* | *'already assigned'*) ;; *) break ;; esac # another control plane has it
  done
  rm -f "$1/pod-address"
  echo "control-plane/up: pods will not answer: ip address add $address/32 dev lo: $said" >&2
}

# remove_address STATE_DIR
remove_address() {
  local address label said
  [ -f "$1/pod-address" ] && read -r address label < "$1/pod-address" || return 0
  # The kernel compares the label too. It has no such address where up was interrupted before it was added.
  said=$(as_root ip address delete "$address/32" dev lo label "$label" 2>&1) ||
    case $said in
      *'Cannot assign requested address'* | *'Address not found'*) ;;
      *) echo "control-plane/down: the loopback interface keeps $address: $said" >&2; return 1 ;;
    esac
  rm -f "$1/pod-address"
}
