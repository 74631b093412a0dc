; Calls in registers that the library leaves alone (registers.h), and instructions that user mode has no
; right to (cpu.c).

bits 64
default rel

global receive_and_watch, send_with
global attack_in, attack_out, attack_cli, attack_rdmsr, attack_wrmsr, attack_cr3, attack_dr7, attack_clts
global attack_invlpg, attack_wbinvd

IPC_SEND     equ 1
IPC_RECEIVE  equ 2

section .text

; int receive_and_watch(struct message *m, uint64_t *r14)
receive_and_watch:
    push rbp
    push r12
    push r13
    push r14
    push rdi
    push rsi
    mov r14, [rsi]
    mov eax, IPC_RECEIVE
    mov rdi, -1                     ; ENDPOINT_ANY
    syscall
    pop rbp
    mov [rbp], r14
    pop rbp
    mov [rbp], rdi
    mov [rbp + 8], rsi
    mov [rbp + 16], rdx
    mov [rbp + 24], r10
    mov [rbp + 32], r8
    mov [rbp + 40], r9
    mov [rbp + 48], r12
    mov [rbp + 56], r13
    pop r14
    pop r13
    pop r12
    pop rbp
    ret

; int send_with(endpoint_t to, uint64_t r14)
send_with:
    push r12
    push r13
    push r14
    mov r14, rsi
    mov eax, IPC_SEND
    mov esi, 0x100                  ; MESSAGE_TYPE_SERVICE
    syscall
    pop r14
    pop r13
    pop r12
    ret

; Each returns true if it has been executed, which user mode never does.
%macro EXECUTED 0
    mov eax, 1
    ret
%endmacro

attack_in:                          ; a port of the interrupt controller
    in al, 0x21
    EXECUTED
attack_out:                         ; the port of POST codes
    xor eax, eax
    out 0x80, al
    EXECUTED
attack_cli:
    cli
    EXECUTED
attack_rdmsr:
    mov ecx, 0xc0000082             ; LSTAR: where system calls go
    rdmsr
    EXECUTED
attack_wrmsr:
    mov ecx, 0xc0000102             ; KERNEL_GS_BASE, which nobody uses
    xor eax, eax
    xor edx, edx
    wrmsr
    EXECUTED
attack_cr3:
    mov rax, cr3
    mov cr3, rax
    EXECUTED
attack_dr7:
    mov rax, dr7
    EXECUTED
attack_clts:
    clts
    EXECUTED
attack_invlpg:
    invlpg [rsp]
    EXECUTED
attack_wbinvd:
    wbinvd
    EXECUTED

section .note.GNU-stack noalloc noexec nowrite progbits
